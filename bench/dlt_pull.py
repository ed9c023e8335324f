"""dlt's own REST source into DuckDB with merge on the same key and the same types: the peer.

    python dlt_pull.py URL DUCKDB_FILE STATE_FOLDER OBJECTS_AS_JSON

Runs in an environment of its own (constraints-dlt.txt). Tuned as dlt's page on performance advises:
Parquet files, larger buffers, no compression in between, as many workers as cores, no nested tables,
an open start of the incremental range.
"""

import json
import os
import sys
import time
from typing import Any

TUNING = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__WORKERS": str(os.cpu_count()),
    "LOAD__WORKERS": str(os.cpu_count()),
}


def resource(object: dict[str, Any]) -> dict[str, Any]:
    """Dlt's configuration of one object."""
    decimals = {name: {"data_type": "decimal", "precision": 18, "scale": 4} for name in object["money"]}
    stamps = {name: {"data_type": "timestamp", "timezone": False} for name in object["stamps"]}
    return {
        "name": object["name"],
        "primary_key": object["key"],
        "write_disposition": "merge",
        "columns": {**decimals, **stamps},
        "endpoint": {
            "path": object["path"],
            "params": {"page_size": 100},
            "data_selector": "results",
            "incremental": {
                "cursor_path": object["change_stamp"],
                "initial_value": "2017-01-01 00:00:00",
                "start_param": object["start_param"],
                "range_start": "open",
            },
        },
    }


def main(url: str, database: str, state: str, objects: str) -> None:
    """Pull, and say how long it took without the start of Python and the import of dlt."""
    os.environ.update(TUNING)
    import dlt
    from dlt.sources.rest_api import rest_api_source

    began = time.perf_counter()
    source = rest_api_source(
        {
            "client": {
                "base_url": url,
                "headers": {"X-OG-API-VERSION": "2"},
                "paginator": {"type": "json_link", "next_url_path": "next"},
            },
            "resources": [resource(object) for object in json.loads(objects)],
        }
    )
    source.max_table_nesting = 0
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=state, dataset_name="ordergroove", destination=dlt.destinations.duckdb(database)
    )
    pipeline.run(source, loader_file_format="parquet")
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Our pipeline without Dagster: the pull that an asset makes, for one object or for several at once.

    python -m bench.library_pull http://127.0.0.1:8765 warehouse.duckdb orders [items ...]

Several objects are read by a process each, as the steps of a run are. Prints the seconds from before
the first client is made until the last warehouse is closed, without the start of Python.
"""

import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from uuid import uuid4

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.turns import READERS
from og_assets.sync.pull import PullReport, pull
from og_assets.sync.source import Source
from og_assets.sync.windows import CHICAGO, PullMode, PullRequest
from og_assets.warehouse.place import parse_place
from og_assets.warehouse.warehouse import WarehouseAt

BY_NAME = {object.name: object for object in OBJECTS}


def pull_since_watermark(url: str, warehouse: str, object_name: str) -> PullReport:
    """What the job `sync` does for one object."""
    today = datetime.now(CHICAGO).date()

    request = PullRequest(mode=PullMode.SINCE_WATERMARK, first_day=today, last_day=today, today=today)
    with OrdergrooveClient(url, "bench", requests_per_minute=None) as client:
        source = Source(client, SourceClock(), KEEPING)
        return pull(BY_NAME[object_name], source, WarehouseAt(parse_place(warehouse)), request, run_id=str(uuid4()))


def main(url: str, warehouse: str, *names: str) -> None:
    """Pull, and say how long it took."""
    began = time.perf_counter()
    if len(names) == 1:
        pull_since_watermark(url, warehouse, names[0])
    else:
        processes = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(READERS, mp_context=processes) as readers:
            list(readers.map(pull_since_watermark, [url] * len(names), [warehouse] * len(names), names))
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])

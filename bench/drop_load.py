"""Our loading of dropped files, without Dagster; or, as the floor, Python's csv reader alone over the same file.

    python -m bench.drop_load FOLDER warehouse.duckdb
    python -m bench.drop_load FOLDER

Prints the seconds from before the folder is listed until the warehouse is closed, without the start of Python.
"""

import csv
import json
import sys
import time
from pathlib import Path

from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING
from og_assets.sync.drops import Drops, take
from og_assets.warehouse.warehouse import WarehouseAt


def main(folder: str, warehouse: str | None = None) -> None:
    """Load the orders of a folder, or only read them, and say how long it took and how many rows there were."""
    began = time.perf_counter()
    if warehouse is None:
        rows = 0
        for path in Path(folder).glob("*.csv"):
            with path.open(newline="", encoding="utf-8") as file:
                rows += sum(1 for _ in csv.reader(file)) - 1
    else:
        archive = Archive(Path(warehouse).with_name("archive"))
        drops = Drops(LocalFolder(Path(folder)), archive, KEEPING, rest=lambda: None)
        rows = take(BY_NAME["orders"], drops, WarehouseAt(Path(warehouse)), run_id="bench").counts.loaded
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])

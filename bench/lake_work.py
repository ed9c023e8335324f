"""What is measured of a warehouse at any place, in an environment that can open a lake.

python -m bench.lake_work derive PLACE                bridge and totals, all anew
python -m bench.lake_work read PLACE FILE             read until FILE is there, and tell the longest waits
python -m bench.lake_work check PLACE URL changed?    compare the orders with what the server tells
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.lab import check_table
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import Days, derive, prepare
from og_assets.warehouse.place import Place, Turn, parse_place
from og_assets.warehouse.reading import read_warehouse


def _derive(place: Place) -> dict[str, float]:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    began = time.perf_counter()
    for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
        with open_warehouse(place, turn=Turn.DERIVE, config={"memory_limit": "1GB"}) as connection:
            prepare(connection, READ_BY_DERIVED)
            derive(connection, table, days=Days(today, today + timedelta(days=1)), rebuild=True)
    return {"seconds": time.perf_counter() - began}


def _read(place: Place, until: Path) -> dict[str, float]:
    """Count again and again, each time in an opening of its own.

    The first opening loads the extensions of a lake; a later one finds them there.
    """
    took: dict[str, list[float]] = {"first_opening": [], "later_opening": [], "statement": []}
    while not until.exists():
        began = time.perf_counter()
        with read_warehouse(place) as connection:
            opened = time.perf_counter()
            for _ in range(10):
                asked = time.perf_counter()
                connection.execute("SELECT count(*) FROM ordergroove.orders").fetchall()
                took["statement"].append(time.perf_counter() - asked)
        took["later_opening" if took["first_opening"] else "first_opening"].append(opened - began)
        time.sleep(0.01)
    return {name: max(seconds, default=0.0) for name, seconds in took.items()}


def _check(place: Place, url: str, changed: str = "") -> dict[str, float]:
    with read_warehouse(place) as connection:
        check_table(connection, url, "orders", only_changed=bool(changed))
    return {}


if __name__ == "__main__":
    verb, address, *words = sys.argv[1:]
    where = parse_place(address)
    if verb == "derive":
        print(json.dumps(_derive(where)))
    elif verb == "read":
        print(json.dumps(_read(where, Path(words[0]))))
    else:
        print(json.dumps(_check(where, *words)))

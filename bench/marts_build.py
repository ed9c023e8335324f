"""All marts of a warehouse, built in a process of its own, so that its memory can be looked at.

    python -m bench.marts_build warehouse.duckdb

Prints the seconds of the build, its processor's seconds, and for how long the file was held. It fails when a sum of
the marts does not agree.
"""

import json
import sys
import time

from og_assets.assets.marts import prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms


def main(warehouse: str) -> None:
    """Build them, though nothing was loaded since."""
    cpu = time.process_time()
    report = build_marts(
        WarehouseResource(database=warehouse), Terms("America/New_York"), prepare_reading, rebuild=True
    )
    told = {"seconds": report.seconds, "cpu": time.process_time() - cpu, "seconds_held": report.seconds_held}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])

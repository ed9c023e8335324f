"""What an incremental pull costs when nothing changed: on a warehouse of many orders beside an empty one.

    python bench/nothing_changed.py [--orders 1000000] [--rounds 15]

Both warehouses have a watermark of now, both pulls ask the same emulator, in alternating rounds. The first
pull of the large one, which fills it, takes some minutes. Prints medians and the ratio of each round.
"""

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.objects import OBJECTS
from og_assets.partitions import CHICAGO, PullMode, window_for
from og_assets.pull import LOOKBACK, PullReport, object_table, pull
from og_assets.warehouse.resource import WarehouseResource
from og_assets.warehouse.tables import ensure_table

ORDERS = next(object for object in OBJECTS if object.name == "orders")


def sync_orders(emulator: Emulator, warehouse: WarehouseResource) -> PullReport:
    """Orders since the watermark of a warehouse."""
    today = emulator.world.now.astimezone(CHICAGO).date()
    with OrdergrooveClient(emulator.url, EMULATOR_KEY, requests_per_minute=None) as client:
        return pull(
            ORDERS,
            client=client,
            warehouse=warehouse,
            clock=SourceClock(),
            window_for=lambda watermark: window_for(
                first_day=today,
                last_day=today,
                today=today,
                watermark=watermark,
                lookback=LOOKBACK,
                mode=PullMode.SINCE_WATERMARK,
            ),
            mode=PullMode.SINCE_WATERMARK,
            run_id=str(time.monotonic()),
        )


def empty_warehouse(path: Path, watermark: datetime) -> WarehouseResource:
    """A warehouse without orders whose watermark says that it has all of them."""
    warehouse = WarehouseResource(database=str(path))
    with warehouse.get_connection() as connection:
        ensure_table(connection, object_table(ORDERS))
        connection.execute("INSERT INTO ops.sync_state VALUES ('orders', ?, 0, now())", [watermark])
    return warehouse


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = World(orders=options.orders, now=datetime.now(UTC))
        with Emulator(world) as emulator:
            large = WarehouseResource(database=f"{folder}/large.duckdb")
            first = sync_orders(emulator, large)
            print(f"first pull: {first.rows:,} orders in {first.seconds:.0f} s, {first.progress.pages:,} pages")
            assert first.watermark_after is not None
            empty = empty_warehouse(Path(folder) / "empty.duckdb", first.watermark_after)
            seconds: dict[str, list[float]] = {"large": [], "empty": []}
            for _ in range(options.rounds):
                for name, warehouse in (("large", large), ("empty", empty)):
                    report = sync_orders(emulator, warehouse)
                    assert report.progress.requests == 1
                    seconds[name].append(report.seconds)
    ratios = [large / empty for large, empty in zip(seconds["large"], seconds["empty"], strict=True)]
    for name, taken in seconds.items():
        print(f"{name:>6}: median {statistics.median(taken) * 1000:.0f} ms of {options.rounds} rounds")
    print(f" ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()

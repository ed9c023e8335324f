"""What building the marts costs: CPU by item, memory, and how long the file is held."""

import shutil
from collections.abc import Callable
from pathlib import Path

from bench.lab import OUR_PYTHON, Lab
from bench.measure import Measurement, measure
from bench.rounds import Spread, alternate, peak_mb
from bench.scenarios.scenario import Goal, Outcome, Scenario
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.world import World
from og_assets.playground.sample import fill
from og_assets.warehouse.tables import quoted

CUSTOMERS = 400
"""Of the merchant that is copied; some 5,000 items."""
COPIES = 600
"""Of the large one: 3 million items."""
IDS: dict[str, tuple[str, ...]] = {
    "ordergroove.customers": ("merchant_user_id",),
    "ordergroove.subscriptions": ("public_id", "customer", "payment", "shipping_address"),
    "ordergroove.orders": ("public_id", "customer", "payment", "shipping_address"),
    "ordergroove.items": ("public_id", "order", "subscription"),
    "analytics.items_orders_bridge": ("item", "order", "subscription", "customer"),
    "analytics.order_totals": ("order", "customer"),
    "analytics.deletion_tombstones": ("id", "order", "subscription", "customer"),
    "ordergroove.events": ("event_id", "object_id"),
    "history.subscriptions_past": ("public_id", "customer"),
}
"""The tables that grow with a merchant, and their columns of ids, of which each copy has its own."""


def _marts(lab: Lab, rounds: int) -> Outcome:
    one = lab.new_folder() / "one.duckdb"
    fill(
        WarehouseResource(database=str(one)), World(7, customers=lab.records(CUSTOMERS)), one.with_name("inbox.sqlite")
    )
    sizes: dict[str, int] = {}

    def contestant(copies: int) -> tuple[str, Callable[[], Measurement]]:
        path = lab.new_folder() / "bench.duckdb"
        items = multiply(one, path, copies)
        name = f"marts of {items:,} items"
        sizes[name] = items
        return name, lambda: measure([str(OUR_PYTHON), "-m", "bench.marts_build", str(path)])

    small, large = contestant(COPIES // 10), contestant(COPIES)
    found = alternate(dict([small, large]), rounds)
    per_item = {name: [one.said["cpu"] / sizes[name] for one in measured] for name, measured in found.items()}
    return Outcome(
        found,
        [
            Goal("CPU seconds for each million items", Spread.of([1e6 * one for one in per_item[large[0]]]), 12),
            Goal(
                "CPU of an item among ten times as many",
                Spread.of([more / less for less, more in zip(per_item[small[0]], per_item[large[0]], strict=True)]),
                1.25,
            ),
            Goal(
                "seconds for which the file is held",
                Spread.of([one.said["seconds_held"] for one in found[large[0]]]),
                5,
            ),
            Goal("peak memory of the build, MB", Spread.of([peak_mb(one) for one in found[large[0]]]), 2048),
        ],
        ["Every sum of the marts agreed, else there were no figures."],
    )


def multiply(one: Path, path: Path, copies: int) -> int:
    """Make `path` the warehouse `one` so many times over; returns its items."""
    shutil.copy(one, path)
    warehouse = WarehouseResource(database=str(path), memory_limit="4GB", threads=2)
    with warehouse.get_connection() as connection:
        for table, ids in IDS.items():
            # A copy has ids of the same length; `*` has the others as they are.
            own = ", ".join(
                f"CASE WHEN {quoted(id)} IS NOT NULL THEN md5({quoted(id)} || '#' || copy) END AS {quoted(id)}"
                for id in ids
            )
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE copied AS SELECT original.* REPLACE ({own})"
                f" FROM {table} AS original CROSS JOIN range(1, {copies}) AS copies (copy)"
            )
            connection.execute(f"INSERT INTO {table} BY NAME FROM temp.copied")
            connection.execute("DROP TABLE temp.copied")
        count = connection.execute("SELECT count(*) FROM ordergroove.items").fetchone()
    return int(count[0]) if count else 0


SCENARIOS = (Scenario("marts", "Marts of 3 million items, beside those of a tenth", 2, _marts),)

"""What building the marts costs: CPU by item, memory, and how long the file is held."""

import shutil
from collections.abc import Callable
from pathlib import Path

from bench.lab import Lab, measure_here
from bench.measure import Measurement
from bench.rounds import Spread, alternate, cpu
from bench.scenarios.scenario import Goal, Outcome, Scenario
from og_assets.assets.marts import prepare_reading
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.world import World
from og_assets.playground.sample import fill
from og_assets.warehouse.marts.build import MartsReport, build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets.warehouse.tables import quoted

CUSTOMERS = 400
"""Of the merchant that is copied; some 5,000 items."""
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
    reports: dict[str, list[MartsReport]] = {}
    sizes: dict[str, int] = {}

    def contestant(copies: int) -> tuple[str, Callable[[], Measurement]]:
        path = lab.new_folder() / "bench.duckdb"
        items = multiply(one, path, copies)
        name = f"marts of {items:,} items"
        sizes[name] = items
        told = reports.setdefault(name, [])

        def run() -> Measurement:
            return measure_here(lambda: told.append(_build(path)))

        return name, run

    small, large = contestant(6), contestant(60)
    found = alternate(dict([small, large]), rounds)
    per_million = [cpu(measured) / sizes[large[0]] * 1e6 for measured in found[large[0]]]
    growth = [
        (cpu(more) / sizes[large[0]]) / (cpu(less) / sizes[small[0]])
        for less, more in zip(found[small[0]], found[large[0]], strict=True)
    ]
    held = [report.seconds_held / sizes[large[0]] * 3e6 for report in reports[large[0]]]
    return Outcome(
        found,
        [
            Goal("CPU seconds for each million items", Spread.of(per_million), 12),
            Goal("CPU of an item among ten times as many", Spread.of(growth), 1.1),
            Goal("seconds for which the file is held, for 3 million items", Spread.of(held), 5),
        ],
    )


def _build(path: Path) -> MartsReport:
    return build_marts(WarehouseResource(database=str(path)), Terms("America/New_York"), prepare_reading, rebuild=True)


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


SCENARIOS = (Scenario("marts", "Marts, built from a small shop and from one ten times as large", 3, _marts),)

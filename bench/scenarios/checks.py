"""What the checks of a sync cost: they follow what was loaded, and not how much is there."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg

from bench.generated import BY_NAME, load_again, warehouse_of
from bench.lab import Lab, WrongResult, measure_here
from bench.measure import Measurement
from bench.rounds import alternate, cpu, ratio
from bench.scenarios.scenario import Goal, Outcome, Scenario
from og_assets.assets.checks import check_derived, check_loads, object_checks
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import Days, derive, prepare

CHANGED = 1_000
_WITHOUT_TOTALS = "UPDATE ordergroove.orders SET sub_total = NULL, total = NULL WHERE total IS NOT NULL"
"""Made amounts of orders are not the sums of their items, and a red check would look at the whole table each time."""


def _checks(lab: Lab, rounds: int) -> Outcome:
    def contestant(items: int) -> Callable[[], Measurement]:
        orders = items * 2 // 5
        warehouse = warehouse_of(lab.new_folder() / "bench.duckdb", orders, items=items)
        with warehouse.get_connection() as connection:
            connection.execute(_WITHOUT_TOTALS)
        _check_after_deriving(warehouse)

        def after_a_change() -> Measurement:
            with warehouse.get_connection() as connection:
                version, first = random.randrange(1, 10_000), random.randrange(orders - CHANGED)
                load_again(connection, BY_NAME["orders"], first, first + CHANGED, version)
                load_again(connection, BY_NAME["items"], first * 5 // 2, first * 5 // 2 + CHANGED, version)
                connection.execute(_WITHOUT_TOTALS)
            return _check_after_deriving(warehouse)

        return after_a_change

    small, large = lab.records(3_000_000), lab.records(30_000_000)
    fewer, more = f"of {small:,} items", f"of {large:,} items"
    found = alternate({fewer: contestant(small), more: contestant(large)}, rounds)
    return Outcome(found, [Goal("checks of the larger over those of the smaller", ratio(found, more, fewer, cpu), 1.3)])


def _check_after_deriving(warehouse: WarehouseResource) -> Measurement:
    """Derive what changed, which is not measured, and check tables and derived tables as the steps of a sync do."""
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    night = now - timedelta(days=1)
    wall = used = 0.0
    red: list[str] = []
    with warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)

        def check(work: Callable[[], list[dg.AssetCheckResult]]) -> None:
            nonlocal wall, used
            measured = measure_here(
                lambda: red.extend(f"{one.check_name}: {one.description}" for one in work() if not one.passed)
            )
            wall, used = wall + measured.wall, used + measured.cpu

        for name in ("orders", "items"):
            check(partial(check_loads, connection, object_checks(BY_NAME[name]), name, whole_since=night))
        for table in (TOMBSTONES, BRIDGE, ORDER_TOTALS):
            report = derive(connection, table, days=Days(today, today + timedelta(days=1)))
            check(partial(check_derived, connection, table, report, whole_since=night))
    if red:
        raise WrongResult(f"red: {red}")
    return Measurement(wall, used, 0.0, {})


SCENARIOS = [Scenario("checks", "The checks of a sync with 1,000 changed orders and items, by table size", 5, _checks)]

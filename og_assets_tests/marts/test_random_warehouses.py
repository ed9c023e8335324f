"""Whatever a warehouse holds, all sums of the marts agree: hard worlds at random, and rows that no world would send.

`make marts` tries more of them.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from merchant_life import BUSINESS_ZONE, JUNE, MerchantLife

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.marts import prepare_reading
from og_assets.emulator import HARD, World
from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.marts.build import MartsReport, build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets_tests.held_warehouse import HeldWarehouse

EXAMPLES = int(os.environ.get("OG_MARTS_WAREHOUSES", "2"))
IS_LONG = "OG_MARTS_WAREHOUSES" in os.environ
SEEDS = range(max(1, EXAMPLES // 6))

TROUBLES = {
    "orders in another currency": "UPDATE ordergroove.orders SET currency_code = 'EUR' WHERE random() < 0.05",
    "orders without currency": "UPDATE ordergroove.orders SET currency_code = NULL WHERE random() < 0.05",
    "subscriptions without quantity": "UPDATE ordergroove.subscriptions SET quantity = NULL WHERE random() < 0.05",
    "no rhythm": "UPDATE ordergroove.subscriptions SET every = 0, frequency_days = 0 WHERE random() < 0.1",
    "negative rhythm": "UPDATE ordergroove.subscriptions SET every = -1, frequency_days = -30 WHERE random() < 0.05",
    "ended without a date": "UPDATE ordergroove.subscriptions SET live = false, cancelled = NULL WHERE random() < 0.1",
    "live with an old date": "UPDATE ordergroove.subscriptions SET cancelled = updated WHERE live AND random() < 0.1",
    "unknown life": "UPDATE ordergroove.subscriptions SET live = NULL WHERE random() < 0.05",
    "ended before it began": (
        "UPDATE ordergroove.subscriptions SET cancelled = created - INTERVAL 3 DAY WHERE NOT live AND random() < 0.2"
    ),
    "without creation": "UPDATE ordergroove.subscriptions SET created = NULL WHERE random() < 0.05",
    "created after its first box": (
        "UPDATE ordergroove.subscriptions SET created = created + INTERVAL 40 DAY WHERE random() < 0.1"
    ),
    "of nobody": "UPDATE ordergroove.subscriptions SET customer = NULL WHERE random() < 0.05",
    "in a row rejected": "UPDATE ordergroove.orders SET status = 3, tries = 4 WHERE status = 5 AND random() < 0.3",
    "of an unknown status": "UPDATE ordergroove.orders SET status = 16 WHERE random() < 0.05",
    "long overdue": "UPDATE ordergroove.orders SET place_date = place_date - 200 WHERE status = 1 AND random() < 0.2",
    "without a day": "UPDATE ordergroove.orders SET place_date = NULL WHERE random() < 0.05",
    "orders that have not arrived": "DELETE FROM ordergroove.orders WHERE random() < 0.1",
    "customers that have not arrived": "DELETE FROM ordergroove.customers WHERE random() < 0.2",
    "subscriptions that have not arrived": "DELETE FROM ordergroove.subscriptions WHERE random() < 0.1",
    "products that have not arrived": "DELETE FROM ordergroove.products WHERE random() < 0.2",
    "items without product": "UPDATE ordergroove.items SET product = NULL WHERE random() < 0.05",
    "items without quantity": "UPDATE ordergroove.items SET quantity = NULL WHERE random() < 0.05",
    "items without amount": "UPDATE ordergroove.items SET total_price = NULL, price = NULL WHERE random() < 0.05",
    "one-time items of subscriptions": (
        "UPDATE ordergroove.items SET one_time = true WHERE subscription IS NOT NULL AND random() < 0.05"
    ),
    "prepaid for no boxes": "UPDATE ordergroove.subscriptions SET prepaid_orders_per_billing = 0 WHERE random() < 0.3",
    "prepaid without revenue": "UPDATE ordergroove.subscriptions SET last_renewal_revenue = NULL WHERE random() < 0.3",
    "only one customer": "UPDATE ordergroove.orders SET customer = '00040001'",
}
"""What a warehouse can hold beyond what a world sends."""


class Warehouses:
    """A synced hard world for each seed, of which any number of copies can be spoilt."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = 0

    def copy(self, seed: int) -> HeldWarehouse:
        """A fresh copy of the warehouse of a seed."""
        synced = self._folder / f"{seed}" / "without" / "warehouse.duckdb"
        if not synced.exists():
            world = World(seed, customers=6, now=JUNE, habits=replace(HARD, lived_days=60))
            with MerchantLife(world, synced.parents[1], ["without"]) as life:
                life.live(1)
                life.build()
        self._copies += 1
        return HeldWarehouse(database=str(shutil.copy(synced, self._folder / f"{self._copies}.duckdb")))


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    """Made when they are asked for."""
    return Warehouses(tmp_path_factory.mktemp("warehouses"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not IS_LONG,
    suppress_health_check=[HealthCheck.too_slow],
)
@example(seed=0, troubles=set(TROUBLES), dice=7)
@given(seed=st.sampled_from(SEEDS), troubles=st.sets(st.sampled_from(sorted(TROUBLES))), dice=st.integers(0, 99))
def test_all_sums_agree_whatever_a_warehouse_holds(
    warehouses: Warehouses, seed: int, troubles: set[str], dice: int
) -> None:
    """MartsDisagree would name the sum that does not."""
    report = built(
        warehouses.copy(seed), f"SELECT setseed({dice / 100})", *(TROUBLES[name] for name in sorted(troubles))
    )
    assert sums_held(report) > 30


def test_orders_placed_after_the_as_of_day_do_not_stop_the_marts(warehouses: Warehouses) -> None:
    """Orders are read some seconds after subscriptions: at a month's end they may be of the next month already."""
    built(
        warehouses.copy(SEEDS[0]),
        "UPDATE ordergroove.orders SET place_date = place_date + 400"
        " WHERE public_id = (SELECT max(public_id) FROM ordergroove.orders WHERE status = 5)",
    )


def built(warehouse: HeldWarehouse, *statements: str) -> MartsReport:
    """The marts of a warehouse after these statements; the file is gone then."""
    try:
        with warehouse.get_connection() as connection:
            for statement in statements:
                connection.execute(statement)
            prepare(connection, READ_BY_DERIVED)
            for table in ANALYTICS:
                derive(connection, table, rebuild=True)
        return build_marts(warehouse, Terms(BUSINESS_ZONE), prepare_reading, rebuild=True)
    finally:
        warehouse.close()
        Path(warehouse.database).unlink()


def sums_held(report: MartsReport) -> int:
    """How many sums were looked at, of which one too many rows is an error."""
    return sum(finding.sum.is_error for found in report.findings.values() for finding in found)

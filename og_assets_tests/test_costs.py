"""What `og doctor` says that a sync costs, before the first one and after it."""

import math
from datetime import UTC, datetime
from pathlib import Path

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.costs import foretell
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings
from og_assets_tests.pulling import client_for, pull_one, sync

ENDED = {3, 4, 5, 14, 17}
"""Statuses of orders that are not placed any more (API reference: order object)."""


def told(emulator: Emulator, warehouse: Path, **settings: str) -> list[str]:
    """The lines of the finding."""
    environment = {"ORDERGROOVE_API_KEY": EMULATOR_KEY, "ORDERGROOVE_WAREHOUSE": str(warehouse), **settings}
    return foretell(Settings.from_environment(environment), lambda: client_for(emulator)).message.splitlines()


def test_the_first_sync_is_foretold_and_later_ones_are_known(tmp_path: Path) -> None:
    """Each sweep lists the open ones, as long as no webhook is known; payments can be left to the night."""
    path = tmp_path / "warehouse.duckdb"
    with Emulator(World(seed=5, customers=400, now=datetime.now(UTC))) as emulator:
        [first] = told(emulator, path)
        assert first.startswith("the first one reads about ")
        assert " items: " in first
        sync(emulator, WarehouseResource(database=str(path)))
        whole, orders, items = told(emulator, path)
        assert whole.startswith("payments, products, ")
        assert "read in each sync" in whole
        opened = sum(order["status"] not in ENDED for order in emulator.world.truth("orders"))
        assert orders == (
            f"deleted orders: {opened:,} open ones are listed in each sync, {math.ceil(opened / 100) + 1} requests"
        )
        assert "deleted items: " in items
        night, *rest = told(emulator, path, ORDERGROOVE_READ_EVERY="payments=night")
        assert night.startswith("payments: all of it is read once a night, ")
        assert rest[0].startswith("products, ")


def test_a_first_sync_of_which_only_the_orders_are_complete_is_still_the_first(tmp_path: Path) -> None:
    """There may be no table of items then."""
    path = tmp_path / "warehouse.duckdb"
    with Emulator(World(seed=5, customers=5, now=datetime.now(UTC))) as emulator:
        pull_one(emulator, WarehouseResource(database=str(path)), BY_NAME["orders"])
        [first] = told(emulator, path)
    assert first.startswith("the first one reads about ")

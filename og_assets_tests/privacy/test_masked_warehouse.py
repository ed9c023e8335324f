"""Pulls into a warehouse under each setting, and after the setting was changed."""

from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.masking import KEEPING, Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.playground.comparison import compare
from og_assets.sync.pull import PullReport
from og_assets.sync.windows import PullMode
from og_assets_tests.pulling import Told, pull_one

HASH = Masking(PersonalData.HASH, b"0123456789abcdef0123456789abcdef")
NEW_SALT = Masking(PersonalData.HASH, b"fedcba9876543210fedcba9876543210")
DROP = Masking(PersonalData.DROP)
CONCERNED = [o for o in OBJECTS if o.name == "products" or any(column.is_masked for column in o.columns)]


def refresh(emulator: Emulator, warehouse: WarehouseResource, masking: Masking) -> dict[str, PullReport]:
    """A full refresh of every object."""
    return {
        object.name: pull_one(emulator, warehouse, object, mode=PullMode.WHOLE_HISTORY, masking=masking)
        for object in CONCERNED
    }


def differing(emulator: Emulator, warehouse: WarehouseResource, masking: Masking) -> dict[str, str]:
    """The objects whose tables are not the world under that masking."""
    with warehouse.get_connection(read_only=True) as connection:
        comparisons = {object.name: compare(connection, Told(emulator), object, masking) for object in CONCERNED}  # type: ignore[arg-type]
    return {name: str(comparison) for name, comparison in comparisons.items() if not comparison.is_equal}


@pytest.mark.parametrize("dialect", ["strict", "loose"])
def test_table_is_the_world_masked(dialect: str, tmp_path: Path) -> None:
    """After each change of the setting a full refresh rewrites every row that it concerns, and then no other."""
    warehouse = WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))
    with Emulator(World(3, customers=3), dialect=dialect) as emulator:
        refresh(emulator, warehouse, KEEPING)
        assert not differing(emulator, warehouse, KEEPING)
        for masking in (HASH, NEW_SALT, KEEPING) if dialect == "strict" else (DROP,):
            told = refresh(emulator, warehouse, masking)
            assert not differing(emulator, warehouse, masking)
            assert told["customers"].counts.updated == told["customers"].rows
            assert told["products"].counts.updated == 0
        again = refresh(emulator, warehouse, masking)
        assert not any(report.counts.updated for report in again.values())


def test_comparison_tells_a_warehouse_of_another_setting(tmp_path: Path) -> None:
    """So that the demo's `equals` means something whatever the setting."""
    warehouse = WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))
    with Emulator(World(3, customers=3)) as emulator:
        refresh(emulator, warehouse, HASH)
        for masking in (KEEPING, NEW_SALT, DROP):
            assert {"customers", "addresses", "payments"} <= set(differing(emulator, warehouse, masking))

"""A warehouse from which marts can be built, filled once for all tests of the folder."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.world import World
from og_assets.playground.sample import fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a warehouse after two weeks of an emulated merchant's life, with marts of its last day."""
    folder = tmp_path_factory.mktemp("marts")
    world = World(3, customers=60)
    for _ in range(14):
        world.simulate_day()
    world.advance(timedelta(hours=1))
    file = folder / "warehouse.duckdb"
    fill(WarehouseResource(database=str(file)), world, folder / "inbox.sqlite")
    return file


@pytest.fixture
def warehouse(filled: Path, tmp_path: Path) -> WarehouseResource:
    """A copy of it that a test may change."""
    shutil.copy(filled, tmp_path / "warehouse.duckdb")
    return WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))

"""A warehouse with marts of a merchant that meets everything, several currencies among it; filled once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import HARD, World
from og_assets.playground.sample import fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file; it is not to be changed."""
    folder = tmp_path_factory.mktemp("report")
    file = folder / "warehouse.duckdb"
    fill(WarehouseResource(database=str(file)), World(7, customers=80, habits=HARD), folder / "inbox.sqlite")
    return file


@pytest.fixture(scope="session")
def connection(filled: Path) -> Iterator[DuckDBPyConnection]:
    """It, open for reading."""
    with WarehouseResource(database=str(filled)).get_connection(read_only=True) as connection:
        yield connection


@pytest.fixture
def warehouse(filled: Path, tmp_path: Path) -> WarehouseResource:
    """A copy of it that a test may change."""
    shutil.copy(filled, tmp_path / "warehouse.duckdb")
    return WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))

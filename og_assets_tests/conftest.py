"""What tests share: a warehouse file of their own, and state of Dagster that no other run sees."""

from pathlib import Path

import pytest

from og_assets.warehouse.resource import WarehouseResource


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first; within long and short the order stays."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    """An empty warehouse, with the file name of the default: DuckDB then has a catalog called like our schema."""
    return WarehouseResource(database=str(tmp_path / "warehouse" / "ordergroove.duckdb"))

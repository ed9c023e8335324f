"""What the tests of a sync share; a pull of a small world is made cheap here, since there are thousands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from held_warehouse import HeldWarehouse

from og_assets.warehouse import staging


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[HeldWarehouse]:
    """An empty warehouse, held open until the end of the test."""
    warehouse = HeldWarehouse(database=str(tmp_path / "warehouse" / "ordergroove.duckdb"), threads=1)
    yield warehouse
    warehouse.close()


@pytest.fixture
def batch_per_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is loaded in a transaction of its own."""
    monkeypatch.setattr(staging, "PAGES_PER_SEGMENT", 1)

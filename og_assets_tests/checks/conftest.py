"""A merchant whose every object is in a warehouse file, with the derived tables; each test gets a copy to spoil."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.connecting import open_warehouse
from og_assets_tests.deletions.reconciling import open_site


@pytest.fixture(scope="session")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two syncs with deletions between them, so that there are tombstones, swept ones and others."""
    folder = tmp_path_factory.mktemp("sound")
    with open_site(folder, customers=30) as site:
        site.pull(*(object.name for object in OBJECTS))
        for subscription in site.world.keys("subscriptions", "live")[:4]:
            site.world.cancel_subscription(subscription)
        site.world.advance(timedelta(minutes=1))
        site.pull(*(object.name for object in OBJECTS))
        site.sweep()
        site.receive(site.world.events)
        site.derive()
    return folder / "ordergroove.duckdb"


@pytest.fixture
def spoiled(sound_file: Path, tmp_path: Path) -> Iterator[DuckDBPyConnection]:
    """A copy of the sound warehouse, open for writing."""
    path = tmp_path / "ordergroove.duckdb"
    shutil.copy(sound_file, path)
    with open_warehouse(path) as connection:
        yield connection

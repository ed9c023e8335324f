"""What tests share: a warehouse file of their own, and state of Dagster that no other run sees."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from og_assets_tests.held_warehouse import HeldWarehouse
from og_assets_tests.lake.services import missing_packages
from og_assets_tests.places import CATALOG, place_at

pytest_plugins = ["og_assets_tests.lake.fixtures"]

# A shell ignores SIGINT for `make test &`; Dagster, run in these tests, would ignore SIGTERM then, and every process
# that a test starts would inherit both.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first; within long and short the order stays."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def catalog_of_places(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where a lake can be opened, a database for the tests that run on either place."""
    if missing_packages():
        yield
        return
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(CATALOG, request.getfixturevalue("postgres").new_database())
        yield


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[HeldWarehouse]:
    """An empty warehouse, held open until the end of the test: opening the file costs more than a small pull does.

    It has the file name of the default: DuckDB then has a catalog called like our schema.
    """
    warehouse = HeldWarehouse(database=str(place_at(tmp_path / "warehouse" / "ordergroove.duckdb")))
    yield warehouse
    warehouse.close()

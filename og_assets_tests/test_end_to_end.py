"""The main job without Dagster around it: after a sync every table equals the emulator's truth."""

from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets_tests.load import SOAK
from og_assets_tests.places import place_at
from og_assets_tests.pulling import assert_equals_world, sync


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    """An empty warehouse, closed after each batch and opened again, as in use."""
    return WarehouseResource(database=str(place_at(tmp_path / "warehouse" / "ordergroove.duckdb")))


def digests_without_fetch_time(warehouse: WarehouseResource) -> dict[str, tuple[object, ...] | None]:
    """Rows and a digest of all object tables, `_synced_at` aside."""
    with warehouse.get_connection(read_only=True) as connection:
        return {
            object.name: connection.execute(
                f"SELECT count(*), sum(hash(rows)) FROM (SELECT * EXCLUDE (_synced_at) FROM ordergroove.{object.name})"
                " AS rows"
            ).fetchone()
            for object in OBJECTS
        }


@pytest.mark.long
@pytest.mark.soak
@pytest.mark.parametrize(
    ("customers", "page_size"), [(5, 10), (2000, 100), *([(5, 100), (5000, 100), (5000, 10)] if SOAK else [])]
)
def test_tables_equal_the_truth_after_full_pull_a_week_and_once_more(
    warehouse: WarehouseResource, customers: int, page_size: int
) -> None:
    """A full pull, a simulated week and an incremental pull each end in equality; a third pull changes no row."""
    with Emulator(World(seed=customers, customers=customers)) as emulator:
        first = sync(emulator, warehouse, page_size=page_size)
        assert_equals_world(emulator, warehouse)
        assert first["orders"].counts.inserted == emulator.world.count("orders")
        for _ in range(7):
            emulator.world.simulate_day()
        sync(emulator, warehouse, page_size=100)
        assert_equals_world(emulator, warehouse)
        before = digests_without_fetch_time(warehouse)
        third = sync(emulator, warehouse, page_size=page_size)
        assert digests_without_fetch_time(warehouse) == before
        assert all(report.counts.inserted == report.counts.updated == 0 for report in third.values())


def test_incremental_pull_asks_only_for_what_changed(warehouse: WarehouseResource) -> None:
    """The cost of a sync follows the change: with nothing changed, objects with a time filter cost one request."""
    with Emulator(World(customers=60)) as emulator:
        first = sync(emulator, warehouse)
        again = sync(emulator, warehouse)
        for object in OBJECTS:
            if object.is_incremental:
                assert again[object.name].progress.requests == 1, object.name
        assert first["orders"].progress.requests > 1


@pytest.mark.parametrize("dialect", ["strict", "loose"])
def test_every_spelling_of_the_documents_is_read_as_the_same_truth(warehouse: WarehouseResource, dialect: str) -> None:
    """Booleans as words, extra data as text, codes as numbers: the tables are the same."""
    with Emulator(World(customers=40), dialect=dialect) as emulator:  # type: ignore[arg-type]
        sync(emulator, warehouse)
        assert_equals_world(emulator, warehouse)

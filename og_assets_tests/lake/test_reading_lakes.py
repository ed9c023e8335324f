"""Reading lakes as people do: as of an instant, several merchants at once, and as an export."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import og_assets
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.commands.export import export
from og_assets.warehouse.all_merchants import read_all
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import prepare
from og_assets.warehouse.errors import WarehouseMissing, WarehouseReadOnly
from og_assets.warehouse.place import FilePlace, Place
from og_assets_tests.places import new_lake

NOW, THEN = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
FIRST_SNAPSHOT, LAST_SNAPSHOT = (
    f"SELECT {which}(snapshot_time) FROM ducklake_snapshots(current_database())" for which in ("min", "max")
)
OBJECTS = tuple(table for table in READ_BY_DERIVED if table.name in ("orders", "items"))


def fill(place: Place, id: str) -> Place:
    """A warehouse with one order, which had another total a month ago."""
    with open_warehouse(place) as connection:
        prepare(connection, OBJECTS)
        connection.execute(
            "INSERT INTO ordergroove.orders BY NAME SELECT ? AS public_id, 'm' AS merchant, 2.5 AS total,"
            " TIMESTAMPTZ '2026-06-01 00:00:00+00' AS _synced_at, 1 AS _sync_id, '{}' AS _raw,"
            " TIMESTAMPTZ '2026-06-01 00:00:00+00' AS _valid_from",
            [id],
        )
        connection.execute(
            "INSERT INTO history.orders_past BY NAME SELECT ? AS public_id, 1.5 AS total,"
            " TIMESTAMPTZ '2026-05-01 00:00:00+00' AS valid_from, TIMESTAMPTZ '2026-06-01 00:00:00+00' AS valid_to,"
            " TIMESTAMPTZ '2026-05-01 00:00:00+00' AS seen_at, 1 AS _sync_id",
            [id],
        )
    return place


@pytest.fixture
def lake(catalog: str, tmp_path: Path) -> Place:
    """A lake with one order."""
    return fill(new_lake(catalog, tmp_path), "a")


def test_an_instant_of_the_past(lake: Place) -> None:
    """By the view, and by the macro; twice in one process, which has one DuckDB."""
    for as_of, total in [(THEN, "1.5000"), (NOW, "2.5000"), (THEN, "1.5000")]:
        with og_assets.open_warehouse(str(lake), as_of=as_of) as warehouse:
            found = warehouse.execute("SELECT total::VARCHAR FROM ordergroove.orders_current").fetchall()
            assert found == [(total,)]
    with og_assets.open_warehouse(str(lake)) as warehouse:
        query = "SELECT total::VARCHAR FROM history.orders_as_of(TIMESTAMPTZ '2026-05-02 00:00:00+00')"
        assert warehouse.execute(query).fetchall() == [("1.5000",)]


def test_what_has_no_history_is_as_it_was_loaded_by_then(lake: Place) -> None:
    """Tables that were not made yet are not there, nor is any before the oldest snapshot."""
    with open_warehouse(lake) as connection:
        connection.execute("CREATE TABLE ordergroove.products AS SELECT 'old' AS name")
        (made,) = connection.execute(LAST_SNAPSHOT).fetchall()[0]
        connection.execute("UPDATE ordergroove.products SET name = 'new'")
        connection.execute("CREATE TABLE analytics.later AS SELECT 1")
        (first,) = connection.execute(FIRST_SNAPSHOT).fetchall()[0]
    with og_assets.open_warehouse(str(lake), as_of=made) as warehouse:
        assert warehouse.execute("FROM ordergroove.products").fetchall() == [("old",)]
        with pytest.raises(duckdb.CatalogException):
            warehouse.execute("FROM analytics.later")
    with og_assets.open_warehouse(str(lake), as_of=datetime.now(UTC)) as warehouse:
        assert warehouse.execute("FROM ordergroove.products").fetchall() == [("new",)]
    with og_assets.open_warehouse(str(lake), as_of=first - timedelta(seconds=1)) as warehouse:
        assert warehouse.execute("SELECT count(*) FROM ordergroove.orders").fetchall() == [(1,)]
        with pytest.raises(duckdb.CatalogException):
            warehouse.execute("FROM ordergroove.products")


def test_lakes_and_a_file_at_once(lake: Place, catalog: str, tmp_path: Path) -> None:
    """`all_merchants.orders` unites them, and each is there under its own name."""
    merchants = {"acme": lake, "beta": fill(new_lake(catalog, tmp_path / "b"), "b"), "zeta": FilePlace(tmp_path / "z")}
    fill(merchants["zeta"], "z")
    with read_all(merchants) as connection:
        found = connection.execute("SELECT merchant, public_id FROM all_merchants.orders ORDER BY ALL").fetchall()
        assert found == [("acme", "a"), ("beta", "b"), ("zeta", "z")]
        assert connection.execute("SELECT public_id FROM beta.ordergroove.orders_current").fetchall() == [("b",)]


def test_an_export_has_every_table(lake: Place, tmp_path: Path) -> None:
    rows = export(lake, tmp_path / "export")
    assert rows["ordergroove.orders"] == 1
    assert (tmp_path / "export" / "ordergroove" / "orders.parquet").exists()


def test_a_reader_changes_nothing(lake: Place) -> None:
    with pytest.raises(WarehouseReadOnly), og_assets.open_warehouse(str(lake)) as warehouse:
        warehouse.execute("DELETE FROM ordergroove.orders")


def test_a_lake_that_is_not_made_is_told(catalog: str, tmp_path: Path) -> None:
    """And not made by reading."""
    place = new_lake(catalog, tmp_path)
    with pytest.raises(WarehouseMissing, match="no warehouse at ducklake:postgres:"), read_all({"a": place}):
        pass
    with pytest.raises(WarehouseMissing), og_assets.open_warehouse(str(place)):
        pass
    assert not place.exists()

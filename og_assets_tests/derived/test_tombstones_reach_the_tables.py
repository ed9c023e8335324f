"""A tombstone that is made or lifted marks its rows in bridge and totals, although nothing of them was loaded."""

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare

LOADED = "TIMESTAMPTZ '2026-01-01 12:00:00Z'"
FOUND_GONE = "TIMESTAMPTZ '2026-01-01 13:00:00Z'"
FETCHED_AGAIN = "TIMESTAMPTZ '2026-01-01 14:00:00Z'"


def two_orders_of_two_items_and_one_of_none(connection: DuckDBPyConnection) -> None:
    prepare(connection, READ_BY_DERIVED)
    connection.execute(
        f"INSERT INTO ordergroove.orders (public_id, sub_total, _synced_at, _sync_id, _raw)"
        f" SELECT 'order ' || n, 20, {LOADED}, 1, '{{}}' FROM range(3) AS made(n)"
    )
    connection.execute(
        f'INSERT INTO ordergroove.items (public_id, "order", total_price, _synced_at, _sync_id, _raw)'
        f" SELECT 'item ' || n, 'order ' || n // 2, 10, {LOADED}, 1, '{{}}' FROM range(4) AS made(n)"
    )
    note_load(connection)


def note_load(connection: DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO ops.sync_runs (sync_id, object, mode, started_at, outcome, last_load) SELECT count(*) + 1,"
        " 'orders', 'sweep', now(), 'succeeded', count(*) + 1 FROM ops.sync_runs"
    )


def find_gone(connection: DuckDBPyConnection, object_name: str, key: str) -> None:
    note_load(connection)
    connection.execute(
        f"INSERT INTO ops.sweep_findings SELECT ?, ?, 'sweep', {FOUND_GONE}, {LOADED}, max(sync_id) FROM ops.sync_runs",
        [object_name, key],
    )


def fetch_again(connection: DuckDBPyConnection, object_name: str, key: str) -> None:
    """As if a load had written the row; the number of its load is left out, so that only the tombstone tells."""
    connection.execute(f"UPDATE ordergroove.{object_name} SET _synced_at = {FETCHED_AGAIN} WHERE public_id = ?", [key])
    connection.execute("DELETE FROM ops.derived_state WHERE table_name = 'deletion_tombstones'")


def derived(connection: DuckDBPyConnection, *, rebuild: bool = False) -> list[tuple[object, ...]]:
    derive(connection, TOMBSTONES)
    derive(connection, BRIDGE, rebuild=rebuild)
    derive(connection, ORDER_TOTALS, rebuild=rebuild)
    return connection.execute(
        'SELECT coalesce(item, "order") AS id, coalesce(bridge.is_deleted, totals.is_deleted), items, items_total'
        ' FROM analytics.order_totals AS totals LEFT JOIN analytics.items_orders_bridge AS bridge USING ("order")'
        " ORDER BY id"
    ).fetchall()


@pytest.mark.parametrize(
    ("object_name", "key", "marked"),
    [("items", "item 0", {"item 0"}), ("orders", "order 0", {"item 0", "item 1"}), ("orders", "order 2", {"order 2"})],
)
def test_a_tombstone_marks_and_its_lifting_unmarks(
    warehouse: WarehouseResource, object_name: str, key: str, marked: set[str]
) -> None:
    with warehouse.get_connection() as connection:
        two_orders_of_two_items_and_one_of_none(connection)
        before = derived(connection)
        assert not any(row[1] for row in before)

        find_gone(connection, object_name, key)
        deleted = derived(connection)
        assert {row[0] for row in deleted if row[1]} == marked
        assert deleted == derived(connection, rebuild=True)

        fetch_again(connection, object_name, key)
        assert derived(connection) == before


def test_an_order_that_goes_after_one_of_its_items_marks_them_all(warehouse: WarehouseResource) -> None:
    with warehouse.get_connection() as connection:
        two_orders_of_two_items_and_one_of_none(connection)
        find_gone(connection, "items", "item 0")
        derived(connection)
        find_gone(connection, "orders", "order 0")
        deleted = derived(connection)
        assert {row[0] for row in deleted if row[1]} == {"item 0", "item 1"}
        assert deleted == derived(connection, rebuild=True)

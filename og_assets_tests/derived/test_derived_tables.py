"""What the rows of bridge, totals, views and status codes say."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from og_assets.emulator.shop.statuses import UNSENT
from og_assets_tests.deletions.reconciling import Site
from og_assets_tests.places import ON_FILES

OPEN_ITEM = f'"order" IN (SELECT public_id FROM orders WHERE status = {UNSENT})'


def test_totals_of_the_whole_history_agree(site: Site) -> None:
    """Merged orders without items and orders with an incentive included."""
    assert site.rows("SELECT DISTINCT agrees, is_deleted FROM analytics.order_totals") == [(True, False)]
    assert site.rows("SELECT count(*) > 0 FROM analytics.order_totals WHERE one_time_revenue > 0") == [(True,)]


def test_a_difference_is_told_with_its_sign(site: Site) -> None:
    """A cent more is still taken for rounding, two are not."""
    (order, other) = site.world.keys("orders", "status = 5")[:2]
    site.execute("UPDATE ordergroove.orders SET total = total + 0.01 WHERE public_id = ?", order)
    site.execute("UPDATE ordergroove.orders SET sub_total = sub_total - 0.02 WHERE public_id = ?", other)
    site.derive(rebuild=True)
    columns = "items_difference, total_difference, agrees"
    sql = f'SELECT {columns} FROM analytics.order_totals WHERE "order" = ?'
    assert site.rows(sql, order) == [(Decimal(0), Decimal("0.01"), True)]
    assert site.rows(sql, other) == [(Decimal("-0.02"), Decimal("0.02"), False)]


def test_a_missing_amount_is_no_disagreement(site: Site) -> None:
    """Ordergroove's examples have totals that are no number; whether they agree is then not known."""
    order = site.world.keys("orders", "status = 5")[0]
    site.execute("UPDATE ordergroove.orders SET total = NULL WHERE public_id = ?", order)
    site.derive(rebuild=True)
    assert site.rows('SELECT total_difference, agrees FROM analytics.order_totals WHERE "order" = ?', order) == [
        (None, None)
    ]


def test_the_largest_amounts_add_up_exactly(site: Site) -> None:
    """Two amounts of 14 digits are one of 15."""
    order = site.world.keys("orders", f"status = {UNSENT}")[0]
    largest = Decimal("99999999999999.9999")
    site.execute('UPDATE ordergroove.items SET total_price = ? WHERE "order" = ?', largest, order)
    site.execute("UPDATE ordergroove.orders SET sub_total = ?, total = -?::DECIMAL(18,4) WHERE public_id = ?",
                 largest, largest, order)  # fmt: skip
    items = len(site.world.keys("items", '"order" = ?', order))
    site.derive(rebuild=True)
    assert site.rows('SELECT items_total FROM analytics.order_totals WHERE "order" = ?', order) == [(items * largest,)]


def test_no_amount_is_a_float(site: Site) -> None:
    """Money is decimal from the body to the sum."""
    types = site.rows("SELECT DISTINCT data_type FROM duckdb_columns() WHERE schema_name = 'analytics'")
    assert not [name for (name,) in types if name in {"DOUBLE", "FLOAT", "HUGEINT"}]


def test_an_item_whose_order_has_not_arrived_is_marked(site: Site) -> None:
    """Its row is complete once the order is there."""
    subscription = site.world.subscribe()
    site.pull("items")
    site.derive()
    sql = "SELECT DISTINCT order_found, customer IS NOT NULL, order_status_name FROM analytics.items_orders_bridge"
    assert site.rows(f"{sql} WHERE subscription = ?", subscription) == [(False, False, None)]
    site.pull("orders")
    site.derive()
    assert site.rows(f"{sql} WHERE subscription = ?", subscription) == [(True, True, "UNSENT")]


def test_an_undocumented_status_has_no_name_and_is_not_open(site: Site) -> None:
    """2, 7, 8 and 16 are stored and never swept."""
    order = site.world.keys("orders", f"status = {UNSENT}")[0]
    site.execute("UPDATE ordergroove.orders SET status = 7 WHERE public_id = ?", order)
    site.derive(rebuild=True)
    assert site.rows('SELECT status, status_name FROM analytics.order_totals WHERE "order" = ?', order) == [(7, None)]
    assert site.sweep("orders")["orders"].candidates == 0


def test_every_documented_status_is_either_open_or_final(site: Site) -> None:
    """And the emulator's world has no status without a name."""
    assert site.rows("SELECT count(*) FROM ordergroove.order_statuses WHERE is_open = is_final") == [(0,)]
    assert site.rows("SELECT count(*), count(DISTINCT code) FROM ordergroove.order_statuses") == [(16, 16)]
    assert site.rows("SELECT count(*) FROM analytics.order_totals WHERE status_name IS NULL") == [(0,)]


@ON_FILES
def test_every_column_of_a_derived_table_says_what_it_means(site: Site) -> None:
    """So do the tables and views themselves."""
    silent = site.rows(
        "SELECT table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name)"
        " WHERE schema_name IN ('analytics', 'ordergroove', 'ops') AND duckdb_columns.comment IS NULL"
    )
    assert silent == []
    views = site.rows("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_name")
    assert [name for name, _ in views] == [
        "customers", "deletion_evidence", "item_moves", "items", "items_current", "items_orders_bridge_current",
        "moved_items", "order_totals_current", "orders", "orders_current", "subscriptions",
    ]  # fmt: skip
    assert all(comment for _, comment in views)


@ON_FILES
@pytest.mark.parametrize("name", ["ordergroove.duckdb", "copy of it.duckdb"])
def test_a_person_can_read_the_views_whatever_the_file_is_called(site: Site, tmp_path: Path, name: str) -> None:
    """In a file called ordergroove.duckdb the name `ordergroove.orders` is ambiguous; the views must not contain it."""
    site.world.cancel_subscription(site.world.keys("subscriptions", "live")[0])
    site.reconcile()
    expected = len(site.rows("FROM ordergroove.items_current"))
    site.warehouse.close()  # type: ignore[attr-defined]
    path = tmp_path / name
    if name != "ordergroove.duckdb":
        path.write_bytes((tmp_path / "ordergroove.duckdb").read_bytes())
    with duckdb.connect(path, read_only=True) as connection:
        catalog = path.stem
        for view in ("ordergroove.orders_current", "ordergroove.deletion_evidence", "analytics.order_totals_current"):
            connection.execute(f'FROM "{catalog}".{view}').fetchall()
        assert len(connection.execute(f'FROM "{catalog}".ordergroove.items_current').fetchall()) == expected


def test_the_current_views_follow_new_columns(site: Site) -> None:
    """A release that brings a column makes the view anew; one that does not leaves it."""
    site.execute("ALTER TABLE ordergroove.orders ADD COLUMN brought_later VARCHAR")
    site.execute("DROP VIEW ordergroove.items_current")
    assert site.rows("SELECT count(*) > 0 FROM ordergroove.orders_current") == [(True,)]
    site.derive()
    assert site.rows("SELECT count(*) > 0 FROM ordergroove.items_current") == [(True,)]

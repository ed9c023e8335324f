"""The derived tables: tombstones, bridge and totals, each brought up to date in one transaction with its mark.

What has to be derived again follows the order of loads, never a stamp, so nothing that was loaded late
is missed. Deriving what changed and deriving everything run the same SQL over another scope.

    orders, items, events, findings ──► deletion_tombstones ──► items_orders_bridge ──► order_totals
    events, history, tombstones ──► order_status_changes, subscription_changes
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derived_table import DerivedTable, clear
from og_assets.warehouse.dialect import make_views
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import Table, quoted
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.views import View, ensure_views

log = logging.getLogger("og_assets")

_NO_LOAD = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of time, aware, without its end: what changed then at Ordergroove is derived again on request."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class DeriveReport:
    """What a derivation did: rows of the table now, how many of them were derived, how many of all are deleted.

    `deleted` counts tombstones that are not lifted, rows with `is_deleted`, steps of deletion, or cancellations.
    `mark` is the last load (ops.sync_runs.last_load) that is in it, `mark_before` that of the derivation before.
    """

    table: str
    rows: int
    derived: int
    deleted: int
    rebuilt: bool
    mark: int
    mark_before: int | None


def prepare(connection: DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Make what the derived tables read: the object tables `tables` (orders, items, customers) and the views on them.

    `ordergroove.orders_current` and `ordergroove.items_current` have all columns of their table, without
    the rows that are deleted; `ordergroove.moved_items` has the items that webhooks put in another order.
    """
    allow_joins(connection)
    ensure_objects(connection, tables)
    ensure_moved_items(connection)
    ensure_views(connection, [_current_view(table) for table in tables if table.deletable])


def ensure_moved_items(connection: DuckDBPyConnection) -> None:
    """Make the view `ordergroove.moved_items` on the table of items, which must be there, unless it is there."""
    found = connection.execute(
        "FROM duckdb_views() WHERE database_name = current_database()"
        " AND schema_name = 'ordergroove' AND view_name = 'moved_items'"
    ).fetchone()
    if found is None:
        make_views(connection, read_sql("moved_items.sql"))


def derive(
    connection: DuckDBPyConnection, table: DerivedTable, *, days: Days | None = None, rebuild: bool = False
) -> DeriveReport:
    """Bring `table` up to date in one transaction; with `rebuild`, derive every row anew.

    What changed at Ordergroove in `days` is among what is derived again.
    """
    how = {TOMBSTONES: _derive_tombstones, BRIDGE: _derive_bridge, ORDER_TOTALS: _derive_totals}.get(table)
    with transaction(connection):
        mark = None if rebuild else _mark(connection, table)
        rebuilt = how(connection, mark, days) if how else _derive_whole(connection, table, mark)
        return _finish(connection, table, mark, rebuilt=rebuilt)


def _derive_tombstones(connection: DuckDBPyConnection, mark: int | None, days: Days | None) -> bool:
    _note_loaded(connection, mark, days)
    if mark is None:
        clear(connection, TOMBSTONES)
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT object, id FROM ordergroove.deletion_evidence"
        )
    else:
        connection.execute(read_sql("touch_tombstones.sql"))
        connection.execute(
            "DELETE FROM analytics.deletion_tombstones AS old"
            " WHERE EXISTS (FROM touched WHERE touched.object = old.object AND touched.id = old.id)"
        )
    if _touched(connection):
        for object in ("orders", "items"):
            wanted = f"SELECT id FROM touched WHERE object = '{object}'"
            _find(connection, f"known_{object}", f"ordergroove.{object}", "public_id", wanted, f"loaded_{object}")
        theirs = read_sql("orders_of_tombstones.sql")
        _find(connection, "their_orders", "ordergroove.orders", "public_id", theirs, "loaded_orders")
        _fill(connection, TOMBSTONES)
    return mark is None


def _derive_bridge(connection: DuckDBPyConnection, mark: int | None, days: Days | None) -> bool:
    """The orders whose rows change are noted for the totals."""
    connection.execute(read_sql("live_tombstones.sql"))
    if mark is not None:
        bridge = "analytics.items_orders_bridge"
        _note_loaded(connection, mark, days)
        connection.execute(read_sql("touch_bridge.sql"))
        _find(connection, "outdated", bridge, "item", "FROM touched", "outdated_already")
        _note_orders(connection, "outdated")
        connection.execute(f"DELETE FROM {bridge} WHERE rowid IN (FROM outdated_rows)")
        _find(connection, "items_in_scope", "ordergroove.items", "public_id", "FROM touched", "loaded_items")
        theirs = read_sql("orders_of_items.sql")
        _find(connection, "orders_in_scope", "ordergroove.orders", "public_id", theirs, "loaded_orders")
        _fill_anew(connection, BRIDGE)
        _note_orders(connection, "derived_anew")
        if _same_size(connection, BRIDGE, "items"):
            return False
    clear(connection, BRIDGE)
    _show_all(connection, "items_in_scope", "ordergroove.items")
    _show_all(connection, "orders_in_scope", "ordergroove.orders")
    _fill(connection, BRIDGE)
    connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [ORDER_TOTALS.name])
    return True


def _derive_totals(connection: DuckDBPyConnection, mark: int | None, days: Days | None) -> bool:
    connection.execute(read_sql("live_tombstones.sql"))
    is_whole = mark is None
    if mark is not None:
        _note_loaded(connection, mark, days)
        connection.execute(read_sql("touch_order_totals.sql"))
        _find(connection, "outdated", "analytics.order_totals", "order", "FROM touched")
        connection.execute("DELETE FROM analytics.order_totals WHERE rowid IN (FROM outdated_rows)")
        _find(connection, "orders_in_scope", "ordergroove.orders", "public_id", "FROM touched", "loaded_orders")
        _find(connection, "bridge_in_scope", "analytics.items_orders_bridge", "order", "FROM touched")
        _fill_anew(connection, ORDER_TOTALS)
        is_whole = not _same_size(connection, ORDER_TOTALS, "orders")
    if is_whole:
        clear(connection, ORDER_TOTALS)
        _show_all(connection, "orders_in_scope", "ordergroove.orders")
        _show_all(connection, "bridge_in_scope", "analytics.items_orders_bridge")
        _fill(connection, ORDER_TOTALS)
    connection.execute("DELETE FROM ops.orders_to_total")
    return is_whole


def _derive_whole(connection: DuckDBPyConnection, table: DerivedTable, mark: int | None) -> bool:
    """A table whose rows depend on what is before and after them: one new event may renumber what follows it.

    Nothing is done when nothing was loaded since, whatever the days.
    """
    newest = connection.execute("SELECT coalesce(max(last_load), 0) FROM ops.sync_runs").fetchone()
    if newest and mark == newest[0]:
        connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT 0 AS nothing LIMIT 0")
        return False
    clear(connection, table)
    _fill(connection, table)
    return True


def _fill(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    connection.execute(read_sql(f"{table.name}.sql"))


def _fill_anew(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    """Fill the table, and show in temp.derived_anew the rows that came, which stand behind all others.

    The view finds them anew each time: until the transaction ends their positions are others than after it.
    """
    name = table.qualified_name
    last = connection.execute(f"SELECT coalesce(max(rowid), -1) FROM {name}").fetchone()
    _fill(connection, table)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW derived_anew AS FROM {name}"
        f" WHERE rowid IN (SELECT rowid FROM {name} WHERE rowid > {last[0] if last else -1})"
    )


def _mark(connection: DuckDBPyConnection, table: DerivedTable) -> int | None:
    row = connection.execute("SELECT through_load FROM ops.derived_state WHERE table_name = ?", [table.name]).fetchone()
    return int(row[0]) if row else None


def _note_loaded(connection: DuckDBPyConnection, mark: int | None, days: Days | None) -> None:
    """Fill temp.loaded_orders and loaded_items; without a mark with nothing.

    Stamps of the object tables are UTC wall clocks, so the days become such.
    """
    start, end = (days.start, days.end) if days and mark is not None else (None, None)
    connection.execute(
        read_sql("loaded_since.sql").format(
            mark=_NO_LOAD if mark is None else mark, start=_wall_clock(start), end=_wall_clock(end)
        )
    )


def _touched(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM temp.touched").fetchone()
    return int(row[0]) if row else 0


def _wall_clock(instant: datetime | None) -> str:
    """An instant as SQL."""
    return f"TIMESTAMP '{instant.astimezone(UTC).replace(tzinfo=None)}'" if instant else "NULL"


def _find(
    connection: DuckDBPyConnection, view: str, table: str, key: str, wanted: str, found_already: str | None = None
) -> None:
    """A view of the rows of a table whose `key` is in the query `wanted`.

    They are found by their key alone and then read by their position, in temp.<view>_rows: to look for them with all
    columns would read the columns of the whole table. The keys are not read either when all that is wanted is in
    temp.<found_already>, which has keys (id) with their positions (at_row).
    """
    known = found_already or "(SELECT '' AS id, 0 AS at_row LIMIT 0)"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {view}_rows AS"
        f" WITH wanted(id) AS ({wanted}), near AS (FROM {known} WHERE id IN (FROM wanted))"
        " SELECT at_row FROM near"
        f" UNION ALL SELECT rowid FROM {table}"
        f" WHERE {quoted(key)} IN (SELECT id FROM wanted WHERE id NOT IN (SELECT id FROM near))"
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM {table} WHERE rowid IN (FROM {view}_rows)")


def _show_all(connection: DuckDBPyConnection, view: str, table: str) -> None:
    """A view of all rows of a table, in the place of those that `_find` has found."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM {table}")


def _note_orders(connection: DuckDBPyConnection, rows: str) -> None:
    """Leave the orders of the bridge's rows for the totals: of those that go, and of those that come."""
    connection.execute(
        f'INSERT INTO ops.orders_to_total SELECT DISTINCT "order" FROM {rows}'
        ' WHERE "order" IS NOT NULL AND "order" NOT IN (FROM ops.orders_to_total)'
    )


def _same_size(connection: DuckDBPyConnection, derived: DerivedTable, source: str) -> bool:
    """Whether each row of the source has its one row; not so when somebody has changed a table by hand."""
    rows, sources = connection.execute(
        f"SELECT (SELECT count(*) FROM {derived.qualified_name}), (SELECT count(*) FROM ordergroove.{source})"
    ).fetchall()[0]
    if rows != sources:
        told = "analytics.%s has %d rows and ordergroove.%s has %d: deriving all of it."
        log.warning(told, derived.name, rows, source, sources)
    return bool(rows == sources)


def _finish(
    connection: DuckDBPyConnection, table: DerivedTable, mark_before: int | None, *, rebuilt: bool
) -> DeriveReport:
    """Set the mark, and count; the last part of the transaction."""
    connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [table.name])
    connection.execute(
        "INSERT INTO ops.derived_state SELECT ?, coalesce(max(last_load), 0), now() FROM ops.sync_runs", [table.name]
    )
    rows, counted = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {table.counted_rows}) FROM {table.qualified_name}"
    ).fetchall()[0]
    mark = _mark(connection, table) or 0
    derived = rows if rebuilt else _touched(connection)
    return DeriveReport(table.name, rows, derived, counted, rebuilt, mark, mark_before)


def _current_view(table: Table) -> View:
    """The view `<table>_current` of an object's table."""
    rows = f"{quoted(table.name)} AS current"
    conditions = [_not_deleted(table.name, "current.public_id")]
    if table.name == "items":
        rows = f"{rows} LEFT JOIN moved_items AS moved ON moved.item = current.public_id"
        conditions.append(_not_deleted("orders", 'coalesce(moved."order", current."order")'))
    names = ", ".join(f"current.{quoted(column.name)}" for column in table.stored_columns)
    query = f"SELECT {names} FROM {rows} WHERE {' AND '.join(conditions)}"
    return View(table.schema, f"{table.name}_current", _CURRENT[table.name], table.stored_columns, query)


_CURRENT = {
    "orders": "ordergroove.orders without what is deleted.",
    "items": "ordergroove.items without what is deleted by itself or with the order that it is in.",
}


def _not_deleted(object_name: str, id: str) -> str:
    return (
        "NOT EXISTS (FROM analytics.deletion_tombstones AS tombstones WHERE tombstones.lifted_at IS NULL"
        f" AND tombstones.object = '{object_name}' AND tombstones.id = {id})"
    )

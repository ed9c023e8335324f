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

from og_assets.warehouse.analytics import ORDER_TOTALS
from og_assets.warehouse.derived_table import clear
from og_assets.warehouse.history import ensure_history
from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.migrations import read_sql
from og_assets.warehouse.tables import Table, ensure_table, literal, quoted
from og_assets.warehouse.transactions import transaction

log = logging.getLogger("og_assets")

TOMBSTONES = "deletion_tombstones"
BRIDGE = "items_orders_bridge"
TOTALS = "order_totals"
STATUS_CHANGES = "order_status_changes"
SUBSCRIPTION_CHANGES = "subscription_changes"

_FROM_THE_START = -1


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of time, aware, without its end: what changed then at Ordergroove is derived again on request."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class DeriveReport:
    """What a derivation did: rows of the table now, how many of them were derived, how many of all are deleted.

    `deleted` counts tombstones that are not lifted, rows with `is_deleted`, steps of deletion, or cancellations.
    """

    table: str
    rows: int
    derived: int
    deleted: int
    rebuilt: bool


def prepare(connection: DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Make what the derived tables read: the object tables `tables` (orders, items, customers) and the views on them.

    `ordergroove.orders_current` and `ordergroove.items_current` have all columns of their table, without
    the rows that are deleted; `ordergroove.moved_items` has the items that webhooks put in another order.
    """
    allow_joins(connection)
    for table in tables:
        ensure_table(connection, table)
        ensure_history(connection, table)
    ensure_moved_items(connection)
    for table in tables:
        if table.deletable:
            _ensure_current_view(connection, table)


def ensure_moved_items(connection: DuckDBPyConnection) -> None:
    """Make the view `ordergroove.moved_items` on the table of items, which must be there, unless it is there."""
    found = connection.execute(
        "FROM duckdb_views() WHERE database_name = current_database()"
        " AND schema_name = 'ordergroove' AND view_name = 'moved_items'"
    ).fetchone()
    if found is None:
        connection.execute(read_sql("moved_items.sql"))


def derive_tombstones(
    connection: DuckDBPyConnection, *, days: Days | None = None, rebuild: bool = False
) -> DeriveReport:
    """Bring `analytics.deletion_tombstones` up to date; with `rebuild`, derive every tombstone anew."""
    with transaction(connection):
        mark = None if rebuild else _mark(connection, TOMBSTONES)
        if mark is None:
            connection.execute(f"DELETE FROM analytics.{TOMBSTONES}")
        _touch(connection, "touch_tombstones.sql", _FROM_THE_START if mark is None else mark, days)
        connection.execute(
            f"DELETE FROM analytics.{TOMBSTONES} AS old"
            " WHERE EXISTS (FROM touched WHERE touched.object = old.object AND touched.id = old.id)"
        )
        if _touched(connection):
            connection.execute(read_sql("tombstones.sql"))
        return _finish(connection, TOMBSTONES, "lifted_at IS NULL", rebuilt=mark is None)


def derive_bridge(connection: DuckDBPyConnection, *, days: Days | None = None, rebuild: bool = False) -> DeriveReport:
    """Bring `analytics.items_orders_bridge` up to date; with `rebuild`, derive every row anew.

    The orders whose rows change are noted for `derive_totals`.
    """
    with transaction(connection):
        connection.execute(read_sql("live_tombstones.sql"))
        mark = None if rebuild else _mark(connection, BRIDGE)
        if mark is not None:
            _touch(connection, "touch_bridge.sql", mark, days)
            _scope(connection, "replaced", f"analytics.{BRIDGE}", "item")
            _note_orders(connection, "replaced")
            connection.execute(f"DELETE FROM analytics.{BRIDGE} WHERE rowid IN (FROM replaced_rows)")
            _scope(connection, "items_in_scope", "ordergroove.items", "public_id")
            connection.execute(read_sql("bridge.sql"))
            _scope(connection, "derived_anew", f"analytics.{BRIDGE}", "item")
            _note_orders(connection, "derived_anew")
        if mark is None or not _same_size(connection, BRIDGE, "items"):
            mark = None
            connection.execute(f"DELETE FROM analytics.{BRIDGE}")
            _scope(connection, "items_in_scope", "ordergroove.items")
            connection.execute(read_sql("bridge.sql"))
            connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [TOTALS])
        return _finish(connection, BRIDGE, "is_deleted", rebuilt=mark is None)


def derive_totals(connection: DuckDBPyConnection, *, days: Days | None = None, rebuild: bool = False) -> DeriveReport:
    """Bring `analytics.order_totals` up to date with orders and bridge; with `rebuild`, derive every row anew."""
    with transaction(connection):
        connection.execute(read_sql("live_tombstones.sql"))
        mark = None if rebuild else _mark(connection, TOTALS)
        if mark is not None:
            _touch(connection, "touch_order_totals.sql", mark, days)
            _scope(connection, "replaced", f"analytics.{TOTALS}", "order")
            connection.execute(f"DELETE FROM analytics.{TOTALS} WHERE rowid IN (FROM replaced_rows)")
            _scope(connection, "orders_in_scope", "ordergroove.orders", "public_id")
            _scope(connection, "bridge_in_scope", f"analytics.{BRIDGE}", "order")
            connection.execute(read_sql("order_totals.sql"))
        if mark is None or not _same_size(connection, TOTALS, "orders"):
            mark = None
            clear(connection, ORDER_TOTALS)
            _scope(connection, "orders_in_scope", "ordergroove.orders")
            _scope(connection, "bridge_in_scope", f"analytics.{BRIDGE}")
            connection.execute(read_sql("order_totals.sql"))
        connection.execute("DELETE FROM ops.orders_to_total")
        return _finish(connection, TOTALS, "is_deleted", rebuilt=mark is None)


def derive_status_changes(
    connection: DuckDBPyConnection,
    *,
    days: Days | None = None,  # noqa: ARG001 - all derivations are called alike
    rebuild: bool = False,
) -> DeriveReport:
    """Derive `analytics.order_status_changes` anew, unless nothing was loaded since; whatever the days."""
    return _derive_whole(connection, STATUS_CHANGES, "to_status = -1", rebuild=rebuild)


def derive_subscription_changes(
    connection: DuckDBPyConnection,
    *,
    days: Days | None = None,  # noqa: ARG001 - all derivations are called alike
    rebuild: bool = False,
) -> DeriveReport:
    """Derive `analytics.subscription_changes` anew, unless nothing was loaded since; whatever the days."""
    return _derive_whole(connection, SUBSCRIPTION_CHANGES, "what = 'cancelled'", rebuild=rebuild)


def _derive_whole(connection: DuckDBPyConnection, table: str, counted: str, *, rebuild: bool) -> DeriveReport:
    """A table whose rows depend on what is before and after them: one new event may renumber what follows it."""
    with transaction(connection):
        newest = connection.execute("SELECT coalesce(max(last_load), 0) FROM ops.sync_runs").fetchone()
        is_old = rebuild or newest is None or _mark(connection, table) != newest[0]
        if is_old:
            connection.execute(f"DELETE FROM analytics.{table}")
            connection.execute(read_sql(f"{table}.sql"))
        else:
            connection.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT 0 AS nothing LIMIT 0")
        return _finish(connection, table, counted, rebuilt=is_old)


def _mark(connection: DuckDBPyConnection, table: str) -> int | None:
    row = connection.execute("SELECT through_load FROM ops.derived_state WHERE table_name = ?", [table]).fetchone()
    return int(row[0]) if row else None


def _touch(connection: DuckDBPyConnection, sql: str, mark: int, days: Days | None) -> None:
    """Fill temp.touched. Stamps of the object tables are UTC wall clocks, so the days become such."""
    start, end = (_wall_clock(days.start), _wall_clock(days.end)) if days else (None, None)
    connection.execute(read_sql(sql), {"mark": mark, "from": start, "until": end})


def _touched(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM temp.touched").fetchone()
    return int(row[0]) if row else 0


def _wall_clock(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def _scope(connection: DuckDBPyConnection, view: str, table: str, key: str | None = None) -> None:
    """A view of a table: all rows, or those whose `key` is in temp.touched.

    These are found by their key alone and then read by their position, in temp.<view>_rows: to look for
    them with all columns would read the columns of the whole table.
    """
    only = ""
    if key:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {view}_rows AS"
            f" SELECT rowid AS at_row FROM {table} WHERE {quoted(key)} IN (FROM touched)"
        )
        only = f" WHERE rowid IN (FROM {view}_rows)"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM {table}{only}")


def _note_orders(connection: DuckDBPyConnection, rows: str) -> None:
    """Leave the orders of the bridge's rows for the totals: of those that go, and of those that come."""
    connection.execute(
        f'INSERT INTO ops.orders_to_total SELECT DISTINCT "order" FROM {rows}'
        ' WHERE "order" IS NOT NULL AND "order" NOT IN (FROM ops.orders_to_total)'
    )


def _same_size(connection: DuckDBPyConnection, derived: str, source: str) -> bool:
    """Whether each row of the source has its one row; not so when somebody has changed a table by hand."""
    counted = connection.execute(
        f"SELECT (SELECT count(*) FROM analytics.{derived}), (SELECT count(*) FROM ordergroove.{source})"
    ).fetchone()
    if counted and counted[0] != counted[1]:
        log.warning(
            "analytics.%s has %d rows and ordergroove.%s has %d: deriving all of it.",
            derived,
            counted[0],
            source,
            counted[1],
        )
        return False
    return True


def _finish(connection: DuckDBPyConnection, table: str, deleted: str, *, rebuilt: bool) -> DeriveReport:
    """Set the mark, and count; the last part of the transaction."""
    connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [table])
    connection.execute(
        "INSERT INTO ops.derived_state SELECT ?, coalesce(max(last_load), 0), now() FROM ops.sync_runs", [table]
    )
    counts = connection.execute(f"SELECT count(*), count(*) FILTER (WHERE {deleted}) FROM analytics.{table}").fetchone()
    rows, gone = counts or (0, 0)
    derived = rows
    if not rebuilt:
        derived = _touched(connection)
    return DeriveReport(table, rows, derived, gone, rebuilt)


def _ensure_current_view(connection: DuckDBPyConnection, table: Table) -> None:
    """The view `<table>_current`; made anew only when its meaning or the columns of its table have changed."""
    columns = [(column.name, column.description) for column in table.stored_columns]
    view = f"{table.name}_current"
    described = _CURRENT[table.name]
    found = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = current_database()"
        " AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [table.schema, view],
    ).fetchall()
    told = connection.execute(
        "SELECT comment FROM duckdb_views() WHERE database_name = current_database()"
        " AND schema_name = ? AND view_name = ?",
        [table.schema, view],
    ).fetchone()
    if found == columns and told == (described,):
        return
    names = ", ".join(f"current.{quoted(name)}" for name, _ in columns)
    # Tables of the view's own schema go without it: see deletion_evidence.
    rows = f"{quoted(table.name)} AS current"
    conditions = [_not_deleted(table.name, "current.public_id")]
    if table.name == "items":
        rows = f"{rows} LEFT JOIN moved_items AS moved ON moved.item = current.public_id"
        conditions.append(_not_deleted("orders", 'coalesce(moved."order", current."order")'))
    qualified_name = f"{quoted(table.schema)}.{quoted(view)}"
    connection.execute(
        f"CREATE OR REPLACE VIEW {qualified_name} AS SELECT {names} FROM {rows} WHERE {' AND '.join(conditions)}"
    )
    connection.execute(f"COMMENT ON VIEW {qualified_name} IS {literal(described)}")
    for name, description in columns:
        connection.execute(f"COMMENT ON COLUMN {qualified_name}.{quoted(name)} IS {literal(description)}")


_CURRENT = {
    "orders": "ordergroove.orders without what is deleted.",
    "items": "ordergroove.items without what is deleted by itself or with the order that it is in.",
}


def _not_deleted(object_name: str, id: str) -> str:
    return (
        "NOT EXISTS (FROM analytics.deletion_tombstones AS tombstones WHERE tombstones.lifted_at IS NULL"
        f" AND tombstones.object = '{object_name}' AND tombstones.id = {id})"
    )

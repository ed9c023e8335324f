"""How objects were: each state that a row leaves is kept, in the transaction that replaces the row.

The state of now is the row itself, so an object that never changes costs nothing and no kept state is ever
updated. Personal data is in none of it. The rules and their reasons: docs/decisions.md.

    load: staged row, stored row ──► history.<object>_past ──┐
          ordergroove.<object>, deletion_tombstones ─────────┴──► history.<object>, history.<object>_as_of(instant)
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.warehouse.keeping import Keeping
from og_assets.warehouse.progress import SyncRun
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import TYPES, StoredColumn, StoredTable, Table, ensure_tables, quoted
from og_assets.warehouse.views import View, ensure_views

INSTANT = "TIMESTAMP WITH TIME ZONE"

VALIDITY: tuple[StoredColumn, ...] = (
    StoredColumn("valid_from", INSTANT, "The state held from this instant on.", required=True),
    StoredColumn("valid_to", INSTANT, "Until this instant, which is not in it; null while it holds.", required=True),
    StoredColumn("changed_after", INSTANT, "Its end lies after this instant; null when nothing bounds it."),
    StoredColumn("changed_by", INSTANT, "Its end lies at or before this instant: when that was first seen."),
    StoredColumn("seen_at", INSTANT, "When this state was fetched, our clock.", required=True),
    StoredColumn("_sync_id", "BIGINT", "Pull that wrote this state (ops.sync_runs).", required=True),
)
"""What history tells of every state."""

ENDED_BY = StoredColumn("ended_by", "VARCHAR", "replaced, deleted, missing (left out of the list), or null.")


def past_table(table: Table) -> StoredTable:
    """`history.<object>_past`: the states that the rows of an object's table have left."""
    description = f"Former states of {table.name}, each as it was when it was replaced; cannot be fetched again."
    columns = (*(column for column, _ in kept_columns(table)), *VALIDITY)
    return StoredTable("history", f"{table.name}_past", description, columns)


def kept_columns(table: Table) -> Iterator[tuple[StoredColumn, str]]:
    """The columns of a state: key and tracked ones, each with its value as SQL over `old`, the object's row."""
    tracked = table.versions.columns if table.versions else ()
    for column in table.columns:
        if column.name in table.key or column.name in tracked:
            yield _kept(table, column)


def _kept(table: Table, column: Column) -> tuple[StoredColumn, str]:
    value = f"old.{quoted(column.name)}"
    stored = StoredColumn(column.name, TYPES[column.kind], column.description, required=column.name in table.key)
    if column.members is None:
        return stored, value
    if column.kind is Kind.JSON:
        return stored, _members(value, column.members)
    # The message is a person's text at times; what is harmless in it, the code, is what people ask for.
    code = StoredColumn(f"{column.name.partition('_')[0]}_code", "VARCHAR", f"Code in {column.name}.")
    return code, f"json_extract_string(TRY_CAST({value} AS JSON), '$.code')"


def _members(value: str, members: tuple[str, ...]) -> str:
    """The known members of a JSON object, or of each of a list; null stays null and unknown ones are left out."""
    known = ", ".join(f'"{name}": "JSON"' for name in members if name)
    shape = f"[{{{known}}}]" if "" in members else f"{{{known}}}"
    return f"to_json(json_transform({value}, '{shape}'))"


def ensure_objects(connection: DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Make the tables of objects and what keeps and shows their history: a table, a view and a macro for each.

    Changes nothing when all is there. Raises ColumnTypeChanged as `ensure_tables` does.
    """
    kept = [table for table in tables if table.versions]
    ensure_tables(connection, [*tables, *map(past_table, kept)])
    for view in ensure_views(connection, [history_view(table) for table in kept]):
        connection.execute(read_sql("history_as_of.sql").format(object=view.name))


def history_view(table: Table) -> View:
    """The view `history.<object>`: former states and the present one."""
    past = past_table(table)
    query = read_sql("history_view.sql").format(
        past=past.qualified_name,
        table=table.qualified_name,
        columns=", ".join(quoted(column.name) for column in past.stored_columns),
        values=", ".join(f"{value} AS {quoted(column.name)}" for column, value in kept_columns(table)),
        **asdict(_MISSING if table.listed_whole else _DELETED.get(table.name, _LIVES_ON)),
    )
    description = f"Every state of {table.name} that was seen, the present one too; in order of valid_from, valid_to."
    return View("history", table.name, description, (*past.stored_columns, ENDED_BY), query)


@dataclass(frozen=True, slots=True)
class _End:
    """How the present state of an object ends, as SQL over its row `old` and what is joined to it."""

    ended_at: str
    ended_after: str
    ended_before: str
    ended_by: str
    gone: str = ""


_LIVES_ON = _End("NULL::TIMESTAMPTZ", "NULL::TIMESTAMPTZ", "NULL::TIMESTAMPTZ", "NULL::VARCHAR")
_MISSING = _End(
    "CASE WHEN old.is_missing THEN old.missing_since END",
    "NULL::TIMESTAMPTZ",
    "CASE WHEN old.is_missing THEN old.missing_since END",
    "CASE WHEN old.is_missing THEN 'missing' END",
)
_TOMBSTONE = (
    "LEFT JOIN analytics.deletion_tombstones AS {name}"
    " ON {name}.object = '{object}' AND {name}.id = {key} AND {name}.lifted_at IS NULL"
)
_DELETED = {
    "orders": _End(
        "gone.deleted_at",
        "gone.deleted_after",
        "gone.detected_at",
        "CASE WHEN gone.id IS NOT NULL THEN 'deleted' END",
        _TOMBSTONE.format(name="gone", object="orders", key="old.public_id"),
    ),
    "items": _End(  # an item ends with its order, too
        "least(gone.deleted_at, box.deleted_at)",
        "coalesce(gone.deleted_after, box.deleted_after)",
        "least(gone.detected_at, box.detected_at)",
        "CASE WHEN gone.id IS NOT NULL OR box.id IS NOT NULL THEN 'deleted' END",
        _TOMBSTONE.format(name="gone", object="items", key="old.public_id")
        + "\n"
        + _TOMBSTONE.format(name="box", object="orders", key='old."order"'),
    ),
}


def superseded_state(table: Table, keeping: Keeping) -> str | None:
    """What is to be known of a row that is replaced, as columns of SQL over `stored` and `staged`; None: nothing."""
    if table.versions is None or not keeping.on:
        return None
    kept = [(column, value.replace("old.", "stored.")) for column, value in kept_columns(table)]
    stamp = table.versions.stamp
    return read_sql("superseded_state.sql").format(
        stamp=f"make_timestamptz(epoch_us(staged.{quoted(stamp)}))" if stamp else "NULL::TIMESTAMPTZ",
        values=", ".join(f"{value} AS {quoted(column.name)}" for column, value in kept),
        differs=" OR ".join(
            f"{value} IS DISTINCT FROM {value.replace('stored.', 'staged.')}"
            for column, value in kept
            if column.name not in table.key
        ),
    )


def keep_superseded(connection: DuckDBPyConnection, table: Table, run: SyncRun) -> str:
    """Keep the states that the batch is about to replace; since when its rows hold, as SQL over `staged`.

    Part of the batch's transaction, before the DELETE; reads temp.kept and temp.replaced, which has `superseded_state`.
    """
    past = past_table(table)
    connection.execute(
        read_sql("keep_superseded.sql").format(
            past=past.qualified_name,
            columns=", ".join(quoted(column.name) for column in past.stored_columns),
            values=", ".join(quoted(column.name) for column, _ in kept_columns(table)),
        ),
        {"object": run.object_name, "sync_id": run.sync_id},
    )
    # The rows' dates are few beside all their columns, which an UPDATE would write once more.
    return (
        f"coalesce((SELECT max(_holds_from) FROM replaced WHERE replaced._row = staged._row), {table.first_valid_from})"
    )


def written_by(table: Table) -> tuple[str, ...]:
    """The qualified names of the tables whose rows name a pull of the object."""
    return (table.qualified_name, *((past_table(table).qualified_name,) if table.versions else ()))


def forget_old_states(connection: DuckDBPyConnection, table: Table, keeping: Keeping) -> None:
    """Remove states that ended longer ago than `keeping` says; part of the transaction that ends a complete pull."""
    if table.versions and keeping.days is not None:
        before = datetime.now(UTC) - timedelta(days=keeping.days)
        past = past_table(table).qualified_name
        connection.execute(read_sql("forget_old_states.sql").format(past=past), {"before": before})


def count_states(connection: DuckDBPyConnection) -> int:
    """How many former states there are, of all objects."""
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'history'"
    ).fetchall()
    counts = (connection.execute(f"SELECT count(*) FROM history.{quoted(name)}").fetchone() for (name,) in tables)
    return sum(count[0] for count in counts if count)

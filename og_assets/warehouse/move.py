"""Copies a warehouse to another place, from a file into a lake or back, whole or not at all; the old one stays."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import once_free, open_warehouse, turn_on_file
from og_assets.warehouse.errors import WarehouseError, WarehouseMissing
from og_assets.warehouse.place import Lake, Place, Turn
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import (
    METADATA,
    StoredColumn,
    StoredTable,
    ensure_tables,
    literal,
    quoted,
)
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.views import View, make_view

SOURCE = "moved_from"
WAIT_SECONDS = 300.0
_COMPRESSION = {column.name: column.compression for column in METADATA}


class MoveRefused(WarehouseError):
    """A warehouse was not copied: the target is in use, or what arrived is not what was sent. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A table that has the same rows in both places."""

    name: str
    rows: int


def move(source: Place, target: Place, *, memory_limit: str = "1GB") -> list[Moved]:
    """Copy all tables and views to a place where nothing was loaded yet; compares each table by count and by hash.

    Nobody loads into the source meanwhile. One transaction: what goes wrong leaves the target as it was.
    Raises MoveRefused, and what opening either raises.
    """
    if source.identity == target.identity:
        raise MoveRefused(f"The warehouse is at {source} already. Name the place that it is to be copied to.")
    if not source.exists():
        raise WarehouseMissing(source)
    with open_warehouse(source):  # tables are as this release makes them
        pass
    settings = {"memory_limit": memory_limit, "threads": 2}
    with ExitStack() as stack:
        _keep_still(stack, source)
        connection = stack.enter_context(open_warehouse(target, config=settings))
        if connection.execute("FROM ops.sync_runs LIMIT 1").fetchone():
            raise MoveRefused(f"There is a warehouse with data at {target}. Name a place that has none, or remove it.")
        stack.enter_context(_attached(connection, source))
        tables = _tables(connection)
        ensure_tables(connection, tables)
        _make_views(connection)
        with transaction(connection):
            return [_copy_rows(connection, table) for table in tables]


def fingerprint(connection: DuckDBPyConnection, catalog: str, table: StoredTable) -> tuple[int, int]:
    """How many rows a table has, and a sum of their hashes, for which their order does not matter."""
    columns = ", ".join(quoted(column.name) for column in table.stored_columns)
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0) FROM {catalog}.{table.qualified_name}"
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    return int(row[0]), int(row[1])


def _keep_still(stack: ExitStack, source: Place) -> None:
    """Let nobody write into the source until the end of the stack."""
    if not isinstance(source, Lake):
        stack.enter_context(turn_on_file(source.path, WAIT_SECONDS, read_only=True))
        return
    from og_assets.warehouse.lake_locks import hold

    for turn in Turn:
        stack.enter_context(hold(source, turn.value, WAIT_SECONDS))


@contextmanager
def _attached(connection: DuckDBPyConnection, source: Place) -> Iterator[None]:
    """The source beside the target, for reading."""
    if isinstance(source, Lake):
        from og_assets.warehouse.lake import attach, load_extensions

        load_extensions(connection)
        attach(connection, source, SOURCE, read_only=True)
    else:
        statement = f"ATTACH {literal(str(source))} AS {SOURCE} (READ_ONLY)"
        once_free(source.path, lambda: connection.execute(statement), WAIT_SECONDS)
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            connection.rollback()
        connection.execute(f"DETACH {SOURCE}")


def _tables(connection: DuckDBPyConnection) -> list[StoredTable]:
    """The tables of the source."""
    return [
        StoredTable(schema, name, description, tuple(map(_column, columns)))
        for schema, name, description, columns in connection.execute(
            read_sql("columns_of_catalog.sql"), [SOURCE]
        ).fetchall()
    ]


def _column(told: dict[str, Any]) -> StoredColumn:
    return StoredColumn(
        told["name"],
        told["type"],
        told["description"],
        required=told["required"],
        compression=_COMPRESSION.get(told["name"]),
    )


def _make_views(connection: DuckDBPyConnection) -> None:
    """Those that the target has not, each after those that it reads."""
    left = [
        View(schema, name, meaning, tuple(map(_column, columns)), sql.partition(" AS ")[2])
        for schema, name, meaning, columns, sql in connection.execute(
            read_sql("views_of_catalog.sql"), {"source": SOURCE}
        ).fetchall()
    ]
    while left:
        waiting = [view for view in left if not _could_be_made(connection, view)]
        if len(waiting) == len(left):
            names = ", ".join(f"{view.schema}.{view.name}" for view in left)
            raise MoveRefused(f"The views {names} cannot be made in the other place. Remove those that are not ours.")
        left = waiting


def _could_be_made(connection: DuckDBPyConnection, view: View) -> bool:
    """Make a view; False when what it reads is not there yet."""
    try:
        make_view(connection, view)
    except duckdb.CatalogException:
        return False
    return True


def _copy_rows(connection: DuckDBPyConnection, table: StoredTable) -> Moved:
    connection.execute(f"DELETE FROM {table.qualified_name}")  # the notes of a new warehouse about itself
    connection.execute(f"INSERT INTO {table.qualified_name} BY NAME FROM {SOURCE}.{table.qualified_name}")
    here = str(connection.execute("SELECT current_database()").fetchall()[0][0])
    sent, arrived = (fingerprint(connection, catalog, table) for catalog in (SOURCE, here))
    if sent != arrived:
        raise MoveRefused(
            f"{table.schema}.{table.name} has {sent[0]} rows, and {arrived[0]} arrived that are not all the same. "
            "Nothing was kept of them. Run it again; if that says the same, report it."
        )
    return Moved(f"{table.schema}.{table.name}", arrived[0])

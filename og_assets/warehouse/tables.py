"""Object tables: what they look like in DuckDB, and how they are made and grow. Knows columns, not objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.warehouse.errors import ColumnTypeChanged
from og_assets.warehouse.transactions import transaction

TYPES: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "INTEGER",
    Kind.SMALLINT: "SMALLINT",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.STAMP: "TIMESTAMP",
    Kind.DAY: "DATE",
    Kind.FLAG: "BOOLEAN",
    Kind.JSON: "JSON",
}


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as DuckDB has it; `compression` is what new tables are told to use, else DuckDB chooses.

    `backfill` is what it becomes in rows that are there before it, as SQL over the row; null without one.
    """

    name: str
    type: str
    description: str
    required: bool = False
    compression: str | None = None
    backfill: str | None = None


METADATA: tuple[StoredColumn, ...] = (
    StoredColumn("_synced_at", "TIMESTAMP WITH TIME ZONE", "When this state of the record was fetched.", required=True),
    StoredColumn("_sync_id", "BIGINT", "Pull that wrote this row (ops.sync_runs).", required=True),
    StoredColumn(
        "_raw",
        "JSON",
        "The record as received, fields without a column included; masked as ORDERGROOVE_PII says.",
        required=True,
        compression="zstd",  # half the file of DuckDB's own choice, and less work
    ),
    StoredColumn("_notes", "JSON", "List of what could not be read into a typed column; null when all could."),
)
"""Columns that every object table has besides those of its record."""

PRESENCE: tuple[StoredColumn, ...] = (
    StoredColumn("is_missing", "BOOLEAN", "Whether the last complete list left it out: deleted or hidden."),
    StoredColumn("missing_since", "TIMESTAMP WITH TIME ZONE", "Start of the first pull that left it out, our clock."),
)
"""Columns of tables whose object is always listed whole; the load keeps them, no record fills them."""
VALID_FROM = "_valid_from"
"""Name of the column that tells since when a row is as it is; the load keeps it in tables with `versions`."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Whose change makes a new state: these columns. `stamp` is the column that says when a record last changed."""

    columns: tuple[str, ...]
    stamp: str | None = None


class Storable(Protocol):
    """What can be made, described and extended as a table."""

    @property
    def schema(self) -> str:
        """Schema of the table."""

    @property
    def name(self) -> str:
        """Name of the table in its schema."""

    @property
    def qualified_name(self) -> str:
        """Schema and name, quoted for SQL."""

    @property
    def stored_columns(self) -> tuple[StoredColumn, ...]:
        """All columns that the table has in DuckDB."""

    @property
    def description(self) -> str:
        """What a row is."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is loaded by key. `key` names the columns that identify a row, all of them in `columns`.

    With `listed_whole` each complete pull has all there is, so rows that it leaves out are marked as missing.
    Rows of a `deletable` one can be deleted at their source without being missed in any list.
    With `versions` the states that rows leave are kept in schema history (history.py).
    """

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    description: str
    listed_whole: bool = False
    deletable: bool = False
    versions: Versions | None = None

    @property
    def qualified_name(self) -> str:
        """Schema and name, quoted for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def stored_columns(self) -> tuple[StoredColumn, ...]:
        """All columns that the table has in DuckDB, metadata last."""
        typed = (
            StoredColumn(column.name, TYPES[column.kind], column.description, required=column.name in self.key)
            for column in self.columns
        )
        return (*typed, *(PRESENCE if self.listed_whole else ()), *METADATA, *self._valid_from)

    @property
    def _valid_from(self) -> tuple[StoredColumn, ...]:
        if self.versions is None:
            return ()
        description = f"Since when this state holds; the states before it are in history.{self.name}."
        return (StoredColumn(VALID_FROM, "TIMESTAMP WITH TIME ZONE", description, backfill=self.first_valid_from),)

    @property
    def first_valid_from(self) -> str:
        """Since when a state is known that is the first to be seen, as SQL over its row: at most since its fetch."""
        names = {column.name for column in self.columns}
        stamps = [name for name in (self.versions.stamp if self.versions else None, "created") if name in names]
        # Stamps are UTC wall clocks. AT TIME ZONE would say the same and take ten times as long.
        known = (f"make_timestamptz(epoch_us({quoted(name)}))" for name in stamps)
        return f"least(coalesce({', '.join((*known, '_synced_at'))}), _synced_at)"

    @property
    def has_creation_stamp(self) -> bool:
        """Whether rows carry `created`, a stamp that never changes, by which lookups can be narrowed."""
        return any(column.name == "created" and column.kind is Kind.STAMP for column in self.columns)


def quoted(identifier: str) -> str:
    """`identifier` quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def ensure_table(connection: DuckDBPyConnection, table: Storable) -> None:
    """Make `table`, or add the columns and descriptions that this release brings. Changes nothing when all is there.

    One transaction of its own. Raises ColumnTypeChanged when a column is there with another type.
    """
    with transaction(connection):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table.qualified_name} ({_definitions(table)})")
        found = _columns_found(connection, table)
        _add_columns(connection, table, found)
        _describe(connection, table, found)


def clear_table(connection: DuckDBPyConnection, table: Storable) -> bool:
    """Leave `table` without rows; returns whether it had to be made for that, for its columns were others or none.

    Part of a transaction.
    """
    found = _columns_found(connection, table)
    if [(column.name, column.type) for column in found.values()] == [(c.name, c.type) for c in table.stored_columns]:
        connection.execute(f"DELETE FROM {table.qualified_name}")
    else:
        connection.execute(f"CREATE OR REPLACE TABLE {table.qualified_name} ({_definitions(table)})")
        _describe(connection, table, {})
        return True
    return False


def describe_columns(connection: DuckDBPyConnection, qualified_name: str, meanings: Mapping[str, str]) -> None:
    """Give columns of a table or view their meanings, by their names."""
    for name, meaning in meanings.items():
        connection.execute(f"COMMENT ON COLUMN {qualified_name}.{quoted(name)} IS {literal(meaning)}")


def _definitions(table: Storable) -> str:
    return ", ".join(map(_definition, table.stored_columns))


def _definition(column: StoredColumn) -> str:
    required = " NOT NULL" if column.required else ""
    compression = f" USING COMPRESSION {column.compression}" if column.compression else ""
    return f"{quoted(column.name)} {column.type}{required}{compression}"


def _add_columns(connection: DuckDBPyConnection, table: Storable, found: dict[str, StoredColumn]) -> None:
    for column in table.stored_columns:
        if column.name not in found:
            connection.execute(f"ALTER TABLE {table.qualified_name} ADD COLUMN {quoted(column.name)} {column.type}")
            if column.backfill:
                connection.execute(f"UPDATE {table.qualified_name} SET {quoted(column.name)} = {column.backfill}")
        elif found[column.name].type != column.type:
            raise ColumnTypeChanged(f"{table.schema}.{table.name}", column.name, found[column.name].type, column.type)


def _describe(connection: DuckDBPyConnection, table: Storable, found: dict[str, StoredColumn]) -> None:
    described = connection.execute(
        "SELECT comment FROM duckdb_tables()"
        " WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [table.schema, table.name],
    ).fetchone()
    if described != (table.description,):
        connection.execute(f"COMMENT ON TABLE {table.qualified_name} IS {literal(table.description)}")
    meanings = {column.name: column.description for column in table.stored_columns}
    told = {column.name: column.description for column in found.values()}
    new = {name: meaning for name, meaning in meanings.items() if told.get(name) != meaning}
    describe_columns(connection, table.qualified_name, new)


def _columns_found(connection: DuckDBPyConnection, table: Storable) -> dict[str, StoredColumn]:
    rows = connection.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [table.schema, table.name],
    ).fetchall()
    return {name: StoredColumn(name, type_, comment) for name, type_, comment in rows}


def literal(text: str) -> str:
    """`text` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"

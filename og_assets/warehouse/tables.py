"""Object tables: what they look like in DuckDB, and how they are made and grow. Knows columns, not objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.warehouse.dialect import in_lake
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

NOT_NULL = " NOT NULL"
SPELLED_OUT = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
"""Types as people write them, and as DuckDB tells them."""


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
class StoredTable:
    """A table as DuckDB has it."""

    schema: str
    name: str
    description: str
    stored_columns: tuple[StoredColumn, ...]

    @property
    def qualified_name(self) -> str:
        """Schema and name, quoted for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


def stored_table(schema: str, name: str, description: str, rows: Iterable[tuple[str, str, str]]) -> StoredTable:
    """A table of columns told as `stored_columns` takes them."""
    return StoredTable(schema, name, description, stored_columns(rows))


def stored_columns(rows: Iterable[tuple[str, str, str]]) -> tuple[StoredColumn, ...]:
    """Columns told by name, type and meaning; the type is DuckDB's, with NOT NULL where that holds."""
    split = ((name, type.removesuffix(NOT_NULL), type.endswith(NOT_NULL), meaning) for name, type, meaning in rows)
    return tuple(
        StoredColumn(name, SPELLED_OUT.get(type, type), meaning, required=required)
        for name, type, required, meaning in split
    )


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


def ensure_tables(connection: DuckDBPyConnection, tables: Sequence[Storable]) -> None:
    """Make `tables`, or add the columns and descriptions that this release brings. Changes nothing when all is there.

    One look at all of them, and one transaction for each that changes. Raises ColumnTypeChanged when a column is there
    with another type.
    """
    for table, found in zip(tables, _found(connection, tables), strict=True):
        if found.description != table.description or _undescribed(table, found):
            with transaction(connection):
                grow(connection, table)


def grow(connection: DuckDBPyConnection, table: Storable) -> None:
    """What `ensure_tables` does to one, as part of a transaction."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table.qualified_name} ({_definitions(connection, table)})")
    [found] = _found(connection, [table])
    _add_columns(connection, table, found.columns)
    _describe(connection, table, found)


def names_of_tables(connection: DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table of the warehouse."""
    asked = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    return {(schema, name) for schema, name in connection.execute(asked).fetchall()}


def names_with_columns(connection: DuckDBPyConnection, tables: Sequence[Storable]) -> set[str]:
    """The qualified names of those of `tables` that DuckDB has with just these columns, in their order."""
    return {
        table.qualified_name
        for table, found in zip(tables, _found(connection, tables), strict=True)
        if [(column.name, column.type) for column in found.columns.values()]
        == [(column.name, column.type) for column in table.stored_columns]
    }


def make_anew(connection: DuckDBPyConnection, table: Storable) -> None:
    """Make `table`, without rows, in place of one that may be there; part of a transaction."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
    connection.execute(f"CREATE OR REPLACE TABLE {table.qualified_name} ({_definitions(connection, table)})")
    _describe(connection, table, _Found())


def describe_columns(connection: DuckDBPyConnection, qualified_name: str, meanings: Mapping[str, str]) -> None:
    """Give columns of a table or view their meanings, by their names."""
    for name, meaning in meanings.items():
        connection.execute(f"COMMENT ON COLUMN {qualified_name}.{quoted(name)} IS {literal(meaning)}")


def _definitions(connection: DuckDBPyConnection, table: Storable) -> str:
    compressed = not in_lake(connection)
    return ", ".join(_definition(column, compressed=compressed) for column in table.stored_columns)


def _definition(column: StoredColumn, *, compressed: bool) -> str:
    required = " NOT NULL" if column.required else ""
    compression = f" USING COMPRESSION {column.compression}" if column.compression and compressed else ""
    return f"{quoted(column.name)} {column.type}{required}{compression}"


def _add_columns(connection: DuckDBPyConnection, table: Storable, found: Mapping[str, StoredColumn]) -> None:
    for column in table.stored_columns:
        if column.name not in found:
            connection.execute(f"ALTER TABLE {table.qualified_name} ADD COLUMN {quoted(column.name)} {column.type}")
            if column.backfill:
                connection.execute(f"UPDATE {table.qualified_name} SET {quoted(column.name)} = {column.backfill}")
        elif found[column.name].type != column.type:
            raise ColumnTypeChanged(f"{table.schema}.{table.name}", column.name, found[column.name].type, column.type)


@dataclass(frozen=True, slots=True)
class _Found:
    """What DuckDB has of a table: its description and its columns by name; nothing of one that is not there."""

    description: str | None = None
    columns: Mapping[str, StoredColumn] = field(default_factory=dict)


def _describe(connection: DuckDBPyConnection, table: Storable, found: _Found) -> None:
    if found.description != table.description:
        connection.execute(f"COMMENT ON TABLE {table.qualified_name} IS {literal(table.description)}")
    describe_columns(connection, table.qualified_name, _undescribed(table, found))


def _undescribed(table: Storable, found: _Found) -> dict[str, str]:
    """The meanings that DuckDB does not have yet, by column."""
    told = {column.name: (column.type, column.description) for column in found.columns.values()}
    return {
        column.name: column.description
        for column in table.stored_columns
        if told.get(column.name) != (column.type, column.description)
    }


def _found(connection: DuckDBPyConnection, tables: Sequence[Storable]) -> list[_Found]:
    """What DuckDB has of each of `tables`, by one look, for it goes through all tables and columns each time.

    In a lake duckdb_tables() looks into the statistics of every table; there one is described when its columns are.
    """
    wanted = [f"{table.schema}.{table.name}" for table in tables]
    lake = in_lake(connection)
    described = "" if lake else "JOIN duckdb_tables() AS tables USING (table_oid, database_oid)"
    rows = connection.execute(
        f"SELECT columns.schema_name || '.' || columns.table_name AS name, {'NULL' if lake else 'tables.comment'},"
        f" column_name, data_type, coalesce(columns.comment, '') FROM duckdb_columns() AS columns {described}"
        " WHERE columns.database_name = current_database() AND name IN (SELECT unnest(?)) ORDER BY column_index",
        [wanted],
    ).fetchall()
    descriptions = {name: description for name, description, *_ in rows}
    columns: dict[str, dict[str, StoredColumn]] = {name: {} for name in wanted}
    for name, _, column, type, told in rows:
        columns[name][column] = StoredColumn(column, type, told)
    found = [_Found(descriptions.get(name), columns[name]) for name in wanted]
    if not lake:
        return found
    return [
        one if _undescribed(table, one) else replace(one, description=table.description)
        for table, one in zip(tables, found, strict=True)
    ]


def literal(text: str) -> str:
    """`text` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"

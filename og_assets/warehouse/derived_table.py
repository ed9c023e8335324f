"""A derived table as a value: what it is, to which columns, and of what each of them is made.

Its DDL, comments, view `<table>_current`, unique key, lineage and documents follow from it. Knows neither objects nor
Dagster. To add one, declare it and write its SQL, an INSERT ... BY NAME in `sql/<name>.sql`:

    ORDER_TOTALS = DerivedTable(
        name="order_totals",
        description="One row per order: what its items add up to.",
        key=("order",),
        columns=(
            ("order", "VARCHAR NOT NULL", "Order id (orders.public_id).", "orders.public_id"),
            ("items", "BIGINT NOT NULL", "Items that are not deleted.", "items_orders_bridge.item"),
        ),
    )

and, where its rows are made, in one transaction: `clear(connection, ORDER_TOTALS)`, then the INSERT. A release that
gives it other columns needs nothing more: `clear` makes the table anew when its columns are not these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from duckdb import DuckDBPyConnection

from og_assets.warehouse.checks import Check, unique_key
from og_assets.warehouse.tables import StoredColumn, clear_table, describe_columns, literal, quoted

ColumnRow: TypeAlias = tuple[str, str, str, str]
"""Name, type, meaning, and what it is made of.

The type is DuckDB's, with NOT NULL where that holds. What it is made of are columns of other tables, as `table.column`
with a blank between them; none means that its asset tells no lineage.
"""

_SPELLED_OUT = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedTable:
    """A table that is made of others, and can be made again at any time.

    `description` says what a row is. `key` are the columns that no two rows share; without them there is no check of
    it. `depends_on` names the tables, or sweeps, that must have been brought up to date before it. `personal` says
    that it tells about persons. A table with a column `is_deleted` gets a view `<name>_current` without these rows.
    """

    name: str
    description: str
    columns: tuple[ColumnRow, ...]
    key: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    more_checks: tuple[Check, ...] = ()
    personal: bool = False
    schema: str = "analytics"

    @property
    def qualified_name(self) -> str:
        """Schema and name, quoted for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def stored_columns(self) -> tuple[StoredColumn, ...]:
        """All columns that the table has in DuckDB."""
        return tuple(stored_columns((name, type, meaning) for name, type, meaning, _ in self.columns))

    @property
    def made_of(self) -> dict[str, tuple[str, ...]]:
        """By column: the columns that it is made of, each as `table.column`."""
        return {name: tuple(origins.split()) for name, _, _, origins in self.columns}

    @property
    def has_current_view(self) -> bool:
        """Whether there is a view without what is deleted."""
        return any(name == "is_deleted" for name, *_ in self.columns)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is watched of it: that its key is unique, and `more_checks`."""
        return (*([unique_key(f"{self.schema}.{self.name}", self.key)] if self.key else []), *self.more_checks)


def stored_columns(rows: Iterator[tuple[str, str, str]]) -> Iterator[StoredColumn]:
    """Columns as DuckDB has them of name, type (with NOT NULL where that holds) and meaning."""
    for name, type, meaning in rows:
        bare = type.removesuffix(" NOT NULL")
        yield StoredColumn(name, _SPELLED_OUT.get(bare, bare), meaning, required=bare != type)


def clear(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    """Leave `table` without rows and with the columns of this release; part of the transaction that fills it."""
    if clear_table(connection, table) and table.has_current_view:
        _make_current_view(connection, table)


def _make_current_view(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    view = f"{quoted(table.schema)}.{quoted(f'{table.name}_current')}"
    # Tables of the view's own schema go without it: see deletion_evidence.
    connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {quoted(table.name)} WHERE NOT is_deleted")
    described = f"{table.schema}.{table.name} without what is deleted."
    connection.execute(f"COMMENT ON VIEW {view} IS {literal(described)}")
    meanings = {column.name: column.description for column in table.stored_columns}
    describe_columns(connection, view, {**meanings, "is_deleted": "Always false here."})

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

from dataclasses import dataclass, replace
from typing import TypeAlias

from duckdb import DuckDBPyConnection

from og_assets.warehouse.checks import Check, unique_key
from og_assets.warehouse.tables import (
    StoredColumn,
    grow,
    make_anew,
    names_with_columns,
    quoted,
    stored_columns,
)
from og_assets.warehouse.views import View, make_view

ColumnRow: TypeAlias = tuple[str, str, str, str]
"""Name, type, meaning, and what it is made of.

The type is DuckDB's, with NOT NULL where that holds. What it is made of are columns of other tables, as `table.column`
with a blank between them; none means that its asset tells no lineage of the column.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedTable:
    """A table that is made of others, and can be made again at any time.

    `description` says what a row is. `key` are the columns that no two rows share; without them there is no check of
    it. `one_row_of` is the object of which it has a row each; what changed alone is then derived, and shown in
    temp.derived_anew. `depends_on` names the tables, or sweeps, that must have been brought up to date before it.
    `personal` says that it tells about persons. A table with a column `is_deleted` gets a view `<name>_current` without
    these rows; `counted` are the rows that are counted after each derivation, as SQL over a row, by default these.
    """

    name: str
    description: str
    columns: tuple[ColumnRow, ...]
    key: tuple[str, ...] = ()
    one_row_of: str | None = None
    depends_on: tuple[str, ...] = ()
    more_checks: tuple[Check, ...] = ()
    personal: bool = False
    counted: str | None = None
    schema: str = "analytics"

    @property
    def qualified_name(self) -> str:
        """Schema and name, quoted for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def stored_columns(self) -> tuple[StoredColumn, ...]:
        """All columns that the table has in DuckDB."""
        return stored_columns((name, type, meaning) for name, type, meaning, _ in self.columns)

    @property
    def made_of(self) -> dict[str, tuple[str, ...]]:
        """By column: the columns that it is made of, each as `table.column`."""
        return {name: tuple(origins.split()) for name, _, _, origins in self.columns}

    @property
    def tells_lineage(self) -> bool:
        """Whether its columns say what they are made of."""
        return any(self.made_of.values())

    @property
    def has_current_view(self) -> bool:
        """Whether there is a view without what is deleted."""
        return any(name == "is_deleted" for name, *_ in self.columns)

    @property
    def counted_rows(self) -> str:
        """The rows that are counted, as SQL over a row; no row by default where none can be deleted."""
        return self.counted or ("is_deleted" if self.has_current_view else "false")

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is watched of it: that its key is unique, and `more_checks`."""
        if not self.key:
            return self.more_checks
        return (unique_key(f"{self.schema}.{self.name}", self.key, derived_of=self.one_row_of), *self.more_checks)


def clear(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    """Leave `table` without rows and with the columns of this release; part of the transaction that fills it."""
    if names_with_columns(connection, [table]):
        connection.execute(f"DELETE FROM {table.qualified_name}")
    else:
        make_derived(connection, table)


def ensure_derived(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    """Bring a table that is there up to date; part of a transaction.

    One with other columns stays for readers until it is derived the next time, which will be whole: its mark goes.
    """
    if names_with_columns(connection, [table]):
        grow(connection, table)
        _make_current_view(connection, table)
    else:
        connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [table.name])


def make_derived(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    """Make `table`, without rows, and its view, in place of what may be there; part of a transaction."""
    make_anew(connection, table)
    _make_current_view(connection, table)


def _make_current_view(connection: DuckDBPyConnection, table: DerivedTable) -> None:
    if not table.has_current_view:
        return
    view = View(
        table.schema,
        f"{table.name}_current",
        f"{table.schema}.{table.name} without what is deleted.",
        tuple(
            replace(column, description="Always false here.") if column.name == "is_deleted" else column
            for column in table.stored_columns
        ),
        f"SELECT * FROM {quoted(table.name)} WHERE NOT is_deleted",
    )
    make_view(connection, view)

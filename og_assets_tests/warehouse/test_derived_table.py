"""Derived tables as values: what DuckDB has of them, and how an older one becomes that of this release."""

from dataclasses import replace

import pytest
from duckdb import DuckDBPyConnection

from og_assets.warehouse.derived_table import DerivedTable, clear

SMALL = DerivedTable(
    name="small",
    description="One row per order.",
    key=("order",),
    columns=(
        ("order", "VARCHAR NOT NULL", "Order id; it's a key.", "orders.public_id"),
        ("at", "TIMESTAMPTZ", "When.", "orders.created orders.updated"),
        ("is_deleted", "BOOLEAN NOT NULL", "Whether.", "deletion_tombstones.id"),
    ),
)
GROWN = replace(
    SMALL, columns=(SMALL.columns[0], ("total", "DECIMAL(18,4)", "Sum.", "orders.total"), *SMALL.columns[1:])
)


def columns(connection: DuckDBPyConnection, table: str) -> list[tuple[str, str, bool, str]]:
    return connection.execute(
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()"
        " WHERE schema_name = 'analytics' AND table_name = ? ORDER BY column_index",
        [table],
    ).fetchall()


def test_ddl_comments_and_view_follow_from_the_value(connection: DuckDBPyConnection) -> None:
    clear(connection, SMALL)
    assert columns(connection, "small") == [
        ("order", "VARCHAR", False, "Order id; it's a key."),
        ("at", "TIMESTAMP WITH TIME ZONE", True, "When."),
        ("is_deleted", "BOOLEAN", False, "Whether."),
    ]
    connection.execute("INSERT INTO analytics.small VALUES ('a', now(), false), ('b', now(), true)")
    assert connection.execute('SELECT "order" FROM analytics.small_current').fetchall() == [("a",)]
    assert [comment for *_, comment in columns(connection, "small_current")] == [
        "Order id; it's a key.",
        "When.",
        "Always false here.",
    ]
    told = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'small'").fetchall()
    assert told == [("One row per order.",)]


@pytest.mark.parametrize("older", [SMALL, replace(SMALL, columns=GROWN.columns[::-1])])
def test_other_columns_make_it_anew_and_the_view_with_it(connection: DuckDBPyConnection, older: DerivedTable) -> None:
    clear(connection, older)
    clear(connection, GROWN)
    assert [name for name, *_ in columns(connection, "small")] == ["order", "total", "at", "is_deleted"]
    assert columns(connection, "small_current")[1] == ("total", "DECIMAL(18,4)", True, "Sum.")
    assert connection.execute("FROM analytics.small_current").fetchall() == []


def test_the_same_columns_are_only_emptied(connection: DuckDBPyConnection) -> None:
    clear(connection, SMALL)
    made = connection.execute("SELECT table_oid FROM duckdb_tables() WHERE table_name = 'small'").fetchall()
    connection.execute("INSERT INTO analytics.small VALUES ('a', now(), false)")
    clear(connection, SMALL)
    assert connection.execute("SELECT table_oid FROM duckdb_tables() WHERE table_name = 'small'").fetchall() == made
    assert connection.execute("FROM analytics.small").fetchall() == []


def test_its_key_is_watched_and_its_origins_are_told() -> None:
    assert [check.name for check in SMALL.checks] == ["unique_key"]
    assert replace(SMALL, key=()).checks == ()
    assert SMALL.made_of["at"] == ("orders.created", "orders.updated")

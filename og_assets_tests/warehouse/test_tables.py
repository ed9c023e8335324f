"""How object tables are made and how they grow with a newer release."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from warehouse_rows import GROUPS, ORDERS, begin, load, order, stored

from og_assets.columns import Column, Kind
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import ColumnTypeChanged
from og_assets.warehouse.load import BatchCounts
from og_assets.warehouse.tables import ensure_tables


def test_columns_have_types_and_descriptions(connection: DuckDBPyConnection) -> None:
    """The table tells what is in it; only the key and the metadata of each row are required."""
    ensure_tables(connection, [ORDERS])
    columns = connection.execute(
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() WHERE table_name = 'orders'"
        " ORDER BY column_index"
    ).fetchall()
    assert [(name, type_) for name, type_, _, _ in columns] == [
        ("public_id", "VARCHAR"),
        ("tries", "INTEGER"),
        ("status", "SMALLINT"),
        ("total", "DECIMAL(18,4)"),
        ("created", "TIMESTAMP"),
        ("place", "DATE"),
        ("locked", "BOOLEAN"),
        ("extra_data", "JSON"),
        ("_synced_at", "TIMESTAMP WITH TIME ZONE"),
        ("_sync_id", "BIGINT"),
        ("_raw", "JSON"),
        ("_notes", "JSON"),
    ]
    assert [name for name, _, nullable, _ in columns if not nullable] == ["public_id", "_synced_at", "_sync_id", "_raw"]
    comments = {name: comment for name, _, _, comment in columns}
    assert comments["locked"] == "Whether it can't be edited."
    assert all(comments.values())
    table_comment = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'orders'").fetchone()
    assert table_comment == (ORDERS.description,)


def test_a_row_without_key_is_refused(connection: DuckDBPyConnection, path: Path) -> None:
    """A null in the key would be a row that nothing finds again."""
    row = {"group_type": "incentive", "name": None, "_synced_at": "2026-01-01T00:00:00Z", "_raw": "{}"}
    with pytest.raises(duckdb.ConstraintException, match="NOT NULL"):
        load(connection, path, begin(connection, "product_groups"), [row], table=GROUPS)


def test_a_new_column_is_added_and_filled_when_read_again(connection: DuckDBPyConnection, path: Path) -> None:
    """A newer release reads more: old rows are null until the record is fetched again, though its raw is the same."""
    load(connection, path, begin(connection), [order("a"), order("b")])
    newer = replace(ORDERS, columns=(*ORDERS.columns, Column("type", Kind.TEXT, "Order type.")))
    rows = [{**order("a"), "type": "1"}]
    assert load(connection, path, begin(connection), rows, table=newer) == BatchCounts(updated=1)
    assert stored(connection, "public_id, type") == [("a", "1"), ("b", None)]


def test_a_column_of_a_newer_release_is_left(connection: DuckDBPyConnection, path: Path) -> None:
    """An older release writes what it knows beside it."""
    newer = replace(ORDERS, columns=(*ORDERS.columns, Column("type", Kind.TEXT, "Order type.")))
    load(connection, path, begin(connection), [{**order("a"), "type": "1"}], table=newer)
    assert load(connection, path, begin(connection), [order("a"), order("b")]) == BatchCounts(inserted=1, unchanged=1)
    assert stored(connection, "public_id, type") == [("a", "1"), ("b", None)]


def test_changed_descriptions_are_brought_up_to_date(connection: DuckDBPyConnection) -> None:
    """Descriptions follow the release, each in its own table, though columns of others have the same name."""
    named = replace(GROUPS, columns=(*GROUPS.columns, Column("status", Kind.TEXT, "Of the group.")))
    ensure_tables(connection, [ORDERS, named])
    columns = [
        Column("status", Kind.SMALLINT, "New.") if column.name == "status" else column for column in ORDERS.columns
    ]
    ensure_tables(connection, [replace(ORDERS, description="It's new.", columns=tuple(columns)), named])
    assert connection.execute(
        "SELECT table_name, tables.comment, columns.comment FROM duckdb_tables() AS tables"
        " JOIN duckdb_columns() AS columns USING (schema_name, table_name)"
        " WHERE schema_name = 'ordergroove' AND column_name = 'status' ORDER BY ALL"
    ).fetchall() == [("orders", "It's new.", "New."), ("product_groups", GROUPS.description, "Of the group.")]


def test_a_changed_type_is_refused_and_changes_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """Values would be cast behind the reader's back."""
    load(connection, path, begin(connection), [order("a", status=1)])
    columns = tuple(replace(column, kind=Kind.TEXT) if column.name == "status" else column for column in ORDERS.columns)
    changed = replace(ORDERS, columns=(Column("new", Kind.TEXT, "New."), *columns))
    with pytest.raises(ColumnTypeChanged, match=r"status of ordergroove\.orders is SMALLINT"):
        ensure_tables(connection, [changed])
    found = connection.execute("SELECT count(*) FROM duckdb_columns() WHERE column_name = 'new'").fetchone()
    assert found == (0,)


def test_tables_that_are_right_are_not_written(path: Path) -> None:
    """The file stays the same, byte for byte."""
    with open_warehouse(path) as connection:
        ensure_tables(connection, [ORDERS, GROUPS])
    before = path.read_bytes()
    with open_warehouse(path) as connection:
        ensure_tables(connection, [ORDERS, GROUPS])
    assert path.read_bytes() == before

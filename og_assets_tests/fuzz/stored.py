"""What is in a warehouse and in its files after a load, as text to look for planted words in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.warehouse.warehouse import WarehouseAt
from og_assets_tests.fuzz.claims import Claim, Problem, Row, leak
from og_assets_tests.fuzz.modes import Mode


def rows_of(warehouse: WarehouseAt, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    with warehouse.get_connection(read_only=True) as connection:
        return _rows(connection, table)


def row_of(found: dict[str, Any]) -> Row:
    """A row as the claims take it."""
    return Row(found, found["_raw"], json.loads(found["_notes"]) if found["_notes"] else [])


def leaks(folder: Path, warehouse: WarehouseAt, mode: Mode) -> Iterator[Problem]:
    """Planted words in any table, and in any file beside it: log, staging, inbox."""
    with warehouse.get_connection(read_only=True) as connection:
        tables = connection.execute(
            "SELECT format('{}.{}', table_schema, table_name) FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_catalog = current_database()"
        ).fetchall()
        for (table,) in tables:
            for row in _rows(connection, table):
                found = leak("\n".join(str(value) for value in row.values() if value is not None), mode)
                if found:
                    yield Problem(Claim.LEAKED, f"planted text is in {table}", found)
    for path in folder.rglob("*"):
        found = leak(path.read_bytes().decode("latin-1"), mode) if path.is_file() else None
        if found:
            yield Problem(Claim.LEAKED, f"planted text is in a file *{path.suffix}", found)


def _rows(connection: DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

"""docs/data.md is what the code says, and what it says of the tables is so."""

import difflib
from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from tools.data_dictionary import FILE, REFERENCES, Reference, data_dictionary, example_warehouse


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """The warehouse from which the examples come."""
    with example_warehouse() as connection:
        yield connection


def test_the_document_is_what_the_code_says(connection: DuckDBPyConnection) -> None:
    """Whoever changes a record, a table or a comment writes it anew."""
    expected, found = data_dictionary(connection), FILE.read_text()
    difference = "\n".join(difflib.unified_diff(found.splitlines(), expected.splitlines(), "docs/data.md", "the code"))
    assert not difference, f"docs/data.md is not what the code says; run `make docs`:\n{difference}"


def test_every_table_view_and_column_is_in_it_with_a_meaning(connection: DuckDBPyConnection) -> None:
    """And none has been left without a comment in the warehouse."""
    document = FILE.read_text()
    columns = connection.execute(
        "SELECT schema_name, table_name, list((column_name, comment)) FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name IN ('ordergroove', 'drops', 'analytics', 'ops')"
        " GROUP BY ALL"
    ).fetchall()
    assert len(columns) > 25
    for schema, table, found in columns:
        section = document.partition(f"### {schema}.{table}\n")[2].partition("\n### ")[0]
        assert section, f"{schema}.{table}"
        for column, comment in found:
            assert f"| `{column}` |" in section, f"{schema}.{table}.{column}"
            assert comment, f"{schema}.{table}.{column}"


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: f"{reference.table}.{reference.column}")
def test_what_the_diagram_joins_does_join(connection: DuckDBPyConnection, reference: Reference) -> None:
    """Every value finds its row, and there are values."""
    source = f"{reference.schema}.{reference.table}"
    counted = connection.execute(
        f"SELECT count(*), count(*) FILTER (target.key IS NULL), count(DISTINCT value) FROM"
        f' (SELECT CAST("{reference.column}" AS VARCHAR) AS value FROM {source} WHERE "{reference.column}" IS NOT NULL)'
        f' LEFT JOIN (SELECT CAST("{reference.key}" AS VARCHAR) AS key FROM ordergroove.{reference.target}) AS target'
        f" ON target.key = value"
    ).fetchone()
    assert counted
    rows, lost, distinct = counted
    # The emulated merchant gives its one-time incentives to orders, never to items.
    assert rows > 0 or (reference.table, reference.column) == ("one_time_incentives", "item")
    assert lost == 0
    if reference.one_to_one:
        assert rows == distinct

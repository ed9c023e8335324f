"""docs/metrics.md speaks of tables and columns that exist, its SQL has answers, and its list of marts is the code's."""

import re
from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.marts.all_marts import MARTS
from tools.data_dictionary import example_warehouse
from tools.metrics import FILE, metrics

TEXT = FILE.read_text(encoding="utf-8")
COLUMNS = {table.name: {column.name for column in table.stored_columns} for table in (*ANALYTICS, *MARTS)}


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    """A warehouse with marts."""
    with example_warehouse() as connection:
        yield connection


def test_the_list_of_marts_is_what_the_code_says() -> None:
    """Whoever changes a mart or a sum writes it anew with `make docs`."""
    assert metrics() == TEXT


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(\w+\.\w+)`", TEXT))))
def test_a_column_that_is_named_exists(named: str) -> None:
    """In the mart before the point."""
    table, _, column = named.partition(".")
    assert table == "analytics" or column in COLUMNS[table]


@pytest.mark.parametrize("mart", sorted({mart.name for mart in MARTS} - {"subscription_periods", "customer_periods"}))
def test_every_mart_is_explained(mart: str) -> None:
    """In what people wrote, before the list; but for what others are made of."""
    assert re.search(rf"\b{mart}\b", TEXT.partition("<!-- marts")[0])


@pytest.mark.parametrize("sql", re.findall(r"```sql\n(.+?)```", TEXT, re.DOTALL))
def test_the_sql_has_an_answer(sql: str, connection: DuckDBPyConnection) -> None:
    """And stands by itself."""
    connection.execute(sql)
    if "IN ('disengaged'" not in sql:  # a merchant may have none
        assert connection.execute(sql).fetchall()

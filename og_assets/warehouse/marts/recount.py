"""Recounts: figures of marts counted once more, another way, which takes too long for each build."""

from collections.abc import Callable, Mapping

from duckdb import DuckDBPyConnection

from og_assets.warehouse.marts.build import marts_in_scratch
from og_assets.warehouse.marts.options import Terms
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.warehouse import Warehouse

RECOUNTS = ("mrr_at_month_ends", "churn_closings", "retention")
"""Each is sql/marts/recounts/<name>.sql, a query for what is not the same both ways."""


def recount(warehouse: Warehouse, terms: Terms, prepare: Callable[[DuckDBPyConnection], None]) -> Mapping[str, int]:
    """How many figures differ, by recount; of the warehouse as it is now. Raises WarehouseError as opening does."""
    with marts_in_scratch(warehouse, terms, prepare) as connection:
        return {name: _differing(connection, name) for name in RECOUNTS}


def _differing(connection: DuckDBPyConnection, name: str) -> int:
    counted = connection.execute(f"SELECT count(*) FROM ({read_sql(f'marts/recounts/{name}.sql')})").fetchone()
    return int(counted[0]) if counted else 0

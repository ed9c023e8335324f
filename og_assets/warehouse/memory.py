"""How much of the machine DuckDB may use where whole tables are joined; a load needs less (connecting.py)."""

from duckdb import DuckDBPyConnection

from og_assets.warehouse.dialect import in_lake

MEMORY_LIMIT = "1GB"
"""Joins of whole tables are spilled to disk beyond it."""
THREADS = 2
"""Joins of whole tables gain from a second one, loads do not."""


def allow_joins(connection: DuckDBPyConnection) -> None:
    """Let this connection join whole tables."""
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    if not in_lake(connection):  # there they are those of the process (lake.py)
        connection.execute(f"SET threads = {THREADS}")

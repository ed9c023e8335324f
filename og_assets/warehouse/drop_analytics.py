"""What is derived from file drops and the API together, anew each time: numbers beside ids, and what differs."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.migrations import read_sql
from og_assets.warehouse.tables import Table, ensure_table
from og_assets.warehouse.transactions import transaction

ID_MAP = "id_map"
RECONCILIATION = "drop_reconciliation"


def derive_from_drops(connection: DuckDBPyConnection, table: str, sources: Sequence[Table]) -> int:
    """Make `analytics.<table>` (ID_MAP or RECONCILIATION) anew in one transaction; returns its rows.

    `sources` are the tables that it reads, those of drops and of objects; they are made where there are none.
    """
    allow_joins(connection)
    for source in sources:
        ensure_table(connection, source)
    with transaction(connection):
        connection.execute(read_sql(f"{table}.sql"))
        counted = connection.execute(f"SELECT count(*) FROM analytics.{table}").fetchone()
    return int(counted[0]) if counted else 0

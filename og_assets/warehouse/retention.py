"""How long the sync log keeps pulls. What a pull brought is no business of this: rows stay."""

from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from og_assets.warehouse.progress import SyncRun
from og_assets.warehouse.sql import read_sql

KEPT_PULLS = timedelta(days=400)
"""How long a pull stays in ops.sync_runs after it began: this month can be held against the same one last year."""


def forget_old_pulls(connection: DuckDBPyConnection, run: SyncRun, *tables: str) -> int:
    """Remove pulls of the object that are older than KEPT_PULLS and that nothing names; returns how many.

    Part of the transaction that ends the pull `run`; `tables` are the qualified names of what it writes.
    A pull stays while a row there, a quarantined record, a finding or the watermark names it.
    """
    old = {"object": run.object_name, "before": datetime.now(UTC) - KEPT_PULLS}
    found = connection.execute(
        "SELECT count(*) FROM ops.sync_runs WHERE object = $object AND started_at < $before", old
    ).fetchone()
    if not found or not found[0]:
        return 0
    rows = " UNION ALL ".join(f"SELECT _sync_id FROM {table}" for table in tables)
    forgotten = connection.execute(read_sql("forget_old_pulls.sql").format(rows=rows), old).fetchone()
    return int(forgotten[0]) if forgotten else 0

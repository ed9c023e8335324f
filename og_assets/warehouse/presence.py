"""Which rows of a table that is always listed whole were left out of the last complete list.

The keys that a pull has seen are kept in the warehouse until it is complete, so that a pull of any
size, in many batches, resumed or not, can be held against the table.
"""

from duckdb import DuckDBPyConnection

from og_assets.warehouse.progress import SyncRun
from og_assets.warehouse.tables import Table, quoted


def note_seen(connection: DuckDBPyConnection, table: Table, run: SyncRun) -> None:
    """Remember the keys of the batch in temp.staged; rows among them that were missing are there again.

    Part of the batch's transaction, after its rows are written.
    """
    connection.execute(
        f"INSERT INTO ops.seen_keys SELECT ?, ?, {_key(table)} FROM temp.staged", [run.object_name, run.sync_id]
    )
    connection.execute(
        f"UPDATE {table.qualified_name} SET is_missing = false, missing_since = NULL"
        f" WHERE is_missing AND {_key(table)} IN (SELECT {_key(table)} FROM temp.staged)"
    )


def mark_missing(connection: DuckDBPyConnection, table: Table, run: SyncRun) -> None:
    """Mark the rows that the complete pull left out; part of the transaction of its last batch.

    Nothing is marked after a pull in which a record was refused, because that record may be any row,
    nor after one without a single record.
    """
    counted = connection.execute(
        "SELECT quarantined, (SELECT count(*) FROM ops.seen_keys WHERE sync_id = $1), started_at"
        " FROM ops.sync_runs WHERE sync_id = $1",
        [run.sync_id],
    ).fetchone()
    if counted and not counted[0] and counted[1]:
        connection.execute(
            f"UPDATE {table.qualified_name} SET is_missing = true, missing_since = ?"
            " WHERE is_missing IS NOT true AND _sync_id <= ?"
            f" AND {_key(table)} NOT IN (SELECT key FROM ops.seen_keys WHERE sync_id = ?)",
            [counted[2], run.sync_id, run.sync_id],
        )
    connection.execute(f"UPDATE {table.qualified_name} SET is_missing = false WHERE is_missing IS NULL")
    connection.execute("DELETE FROM ops.seen_keys WHERE object = ? AND sync_id <= ?", [run.object_name, run.sync_id])


def _key(table: Table) -> str:
    return f"CAST(to_json(list_value({', '.join(quoted(name) for name in table.key)})) AS VARCHAR)"

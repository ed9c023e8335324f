"""Which rows of a table that is always listed whole were left out of the last complete list.

The keys that a pull has seen are kept in the warehouse until it is complete, so that a pull of any
size, in many batches, resumed or not, can be held against the table.
"""

from duckdb import DuckDBPyConnection

from og_assets.warehouse.progress import SyncRun
from og_assets.warehouse.tables import Table, quoted


def note_seen(connection: DuckDBPyConnection, table: Table, run: SyncRun) -> None:
    """Remember the keys of the batch in temp.staged; rows among them that were missing are there again.

    Part of the batch's transaction, after its rows are written. What was fetched before the list began
    that left it out proves nothing.
    """
    connection.execute(
        f"INSERT INTO ops.seen_keys SELECT ?, ?, {_key(table)} FROM temp.staged", [run.object_name, run.sync_id]
    )
    connection.execute(
        f"UPDATE {table.qualified_name} AS stored SET is_missing = false, missing_since = NULL"
        f" FROM (SELECT {_key(table)} AS key, _synced_at AS seen_at FROM temp.staged) AS seen"
        f" WHERE stored.is_missing AND {_key(table, 'stored')} = seen.key"
        " AND seen.seen_at >= stored.missing_since"
    )


def mark_missing(connection: DuckDBPyConnection, table: Table, run: SyncRun) -> None:
    """Mark the rows that the complete pull left out; part of the transaction of its last batch.

    Nothing is marked after a pull in which a record was refused, because that record may be any row,
    nor after one without a single record, nor after one that was overtaken: a pull that began later
    and is complete knows more. Rows that a pull beside it has fetched since it began are there.
    """
    counted = connection.execute(
        "SELECT quarantined, (SELECT count(*) FROM ops.seen_keys WHERE sync_id = run.sync_id), started_at,"
        " EXISTS (FROM ops.sync_runs AS later WHERE later.object = run.object AND later.sync_id > run.sync_id"
        " AND later.outcome = 'succeeded') FROM ops.sync_runs AS run WHERE sync_id = ?",
        [run.sync_id],
    ).fetchone()
    if counted and not counted[0] and counted[1] and not counted[3]:
        connection.execute(
            f"UPDATE {table.qualified_name} SET is_missing = true, missing_since = $began"
            " WHERE is_missing IS NOT true AND _synced_at < $began AND"
            f" {_key(table)} NOT IN (SELECT key FROM ops.seen_keys WHERE object = $object AND sync_id >= $sync_id)",
            {"began": counted[2], "object": run.object_name, "sync_id": run.sync_id},
        )
    connection.execute(f"UPDATE {table.qualified_name} SET is_missing = false WHERE is_missing IS NULL")
    connection.execute("DELETE FROM ops.seen_keys WHERE object = ? AND sync_id <= ?", [run.object_name, run.sync_id])


def _key(table: Table, alias: str | None = None) -> str:
    """The key as a JSON list, of a row of `alias` or of the only table of the query."""
    columns = ", ".join(f"{alias}.{quoted(name)}" if alias else quoted(name) for name in table.key)
    return f"CAST(to_json(list_value({columns})) AS VARCHAR)"

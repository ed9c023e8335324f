"""One batch in one transaction: rows, quarantine, progress and watermark change together or not at all.

Rows of the table are found by a narrow join on the key, and after that by their position. So a batch
reads wide columns only of the row groups that it touches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from duckdb import DuckDBPyConnection, OutOfMemoryException, TransactionException

from og_assets.warehouse import presence, sync_log
from og_assets.warehouse.history import forget_old_states, keep_superseded, superseded_state, written_by
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping
from og_assets.warehouse.progress import BatchCounts, Progress, QuarantinedRecord, Resume, SyncRun
from og_assets.warehouse.retention import forget_old_pulls
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.staged_rows import rows_of, stage_keys, staged_columns
from og_assets.warehouse.staging import Segment
from og_assets.warehouse.sync_log import begin_sync, fail_sync, forget_resume, read_watermark
from og_assets.warehouse.tables import PRESENCE, VALID_FROM, Table, quoted
from og_assets.warehouse.transactions import transaction

__all__ = [
    "Batch",
    "BatchCounts",
    "Progress",
    "QuarantinedRecord",
    "Resume",
    "SyncRun",
    "begin_sync",
    "fail_sync",
    "forget_resume",
    "load_batch",
    "read_watermark",
]

MEMORY_FOR_LARGE_RECORDS = "1GB"

_FILLED_BY_LOAD = {"_sync_id": "?", **{column.name: "NULL" for column in PRESENCE}, "is_missing": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is loaded at once: rows, refused records, and how far the pull has come with them since its start.

    With `finished` the pull succeeds, and `watermark` (aware) becomes the object's unless a later one is there.
    Without `lists_all` a finished pull is no list of all that there is: what it left out is not missing.
    """

    segment: Segment | None = None
    progress: Progress = field(default_factory=Progress)
    quarantined: Sequence[QuarantinedRecord] = ()
    watermark: datetime | None = None
    finished: bool = False
    lists_all: bool = True


def load_batch(
    connection: DuckDBPyConnection, table: Table, run: SyncRun, batch: Batch, *, keeping: Keeping = KEEP_FOR_GOOD
) -> BatchCounts:
    """Load one batch of the pull `run` into `table`, with all that belongs to it, in one transaction.

    A row is written when its key is new or when anything in it differs; a row that is already the
    same keeps its `_synced_at` and `_sync_id`, unless something said otherwise since, or nothing else
    tells when it was last seen; what an overlapping pull fetched later is left alone. When the pull is
    finished, rows of a table that is listed whole are marked when the pull left them out. `keeping` says
    what becomes of the states that rows leave. After an exception nothing has changed.

    The table must be there, as `ensure_tables` makes it. Raises UnknownSync, and DuckDB's errors for values
    that do not have the type of their column.
    """
    try:
        return _load(connection, table, run, batch, keeping)
    except (OutOfMemoryException, TransactionException) as error:
        # What a lake lacks at its commit is told as a commit that failed, with the same advice in the message.
        if isinstance(error, TransactionException) and "memory_limit" not in str(error):
            raise
        # Records of megabytes are rare; the memory that they need is taken when one comes.
        connection.execute(f"SET memory_limit = '{MEMORY_FOR_LARGE_RECORDS}'")
        return _load(connection, table, run, batch, keeping)


def _load(connection: DuckDBPyConnection, table: Table, run: SyncRun, batch: Batch, keeping: Keeping) -> BatchCounts:
    with transaction(connection):
        sync_log.read_counts(connection, run)  # a file that was put in the place of ours may lack the table, too
        counts = _upsert(connection, table, batch.segment, run, keeping) if batch.segment else BatchCounts()
        _quarantine(connection, run, batch.quarantined)
        sync_log.report(connection, run, batch.progress, counts, len(batch.quarantined))
        if batch.finished and batch.lists_all and table.listed_whole:
            presence.mark_missing(connection, table, run)
        if batch.finished:
            sync_log.succeed(connection, run, batch.watermark)
            forget_old_states(connection, table, keeping)
            forget_old_pulls(connection, run, *written_by(table))
    return counts


def _upsert(
    connection: DuckDBPyConnection, table: Table, segment: Segment, run: SyncRun, keeping: Keeping
) -> BatchCounts:
    connection.execute(stage_keys(table, segment))
    connection.execute(_drop_overtaken(table))
    connection.execute(_find_existing(table, _creation_range(connection, table)))
    rows, existing = _one(
        connection, "SELECT (SELECT count(*) FROM staged), (SELECT count(DISTINCT _row) FROM existing)"
    )
    kept, states = 0, None
    # Rows that are all new go from their files into the table; only what is compared is staged with its wide columns.
    arrived = f"({rows_of(table, segment)})"
    if rows < segment.rows:
        arrived = f"{arrived} WHERE _row IN (SELECT _row FROM staged)"
    if existing:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS FROM {arrived}")
        states = superseded_state(table, keeping)
        kept = _keep_unchanged(connection, table, run, states)
        arrived = "staged WHERE _row NOT IN (SELECT _row FROM kept)" if kept else "staged"
    since = table.first_valid_from
    if existing > kept:
        # Without states rows are dated as if they were the first, and a check tells of the gap.
        since = keep_superseded(connection, table, run) if states else since
        changed = "WHERE _row NOT IN (SELECT _row FROM kept)" if kept else ""
        connection.execute(f"DELETE FROM {table.qualified_name} WHERE rowid IN (SELECT at_row FROM existing {changed})")
    if rows > kept:
        names = ", ".join(quoted(column.name) for column in table.stored_columns)
        filled = {**_FILLED_BY_LOAD, VALID_FROM: since}
        values = ", ".join(filled.get(column.name, quoted(column.name)) for column in table.stored_columns)
        connection.execute(
            f"INSERT INTO {table.qualified_name} ({names}) SELECT {values} FROM {arrived}", [run.sync_id]
        )
    if table.listed_whole:
        presence.note_seen(connection, table, run)
    for leftover in ("staged", "existing", "kept", "replaced"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{leftover}")
    return BatchCounts(inserted=rows - existing, updated=existing - kept, unchanged=kept)


def _keep_unchanged(connection: DuckDBPyConnection, table: Table, run: SyncRun, states: str | None) -> int:
    """Note in temp.kept the staged rows that change nothing; how many. What the others replace is in temp.replaced.

    `states` are columns of the latter, as SQL over `stored` and `staged`.
    """
    connection.execute(
        read_sql("find_replaced.sql").format(
            table=table.qualified_name, states=f",\n{states}" if states else "", stays=_stays(table)
        ),
        [run.sync_id],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE kept AS SELECT DISTINCT _row FROM existing"
        " WHERE at_row NOT IN (SELECT at_row FROM replaced)"
    )
    return int(_one(connection, "SELECT count(*) FROM kept")[0])


def _drop_overtaken(table: Table) -> str:
    """Of several rows with one key in the batch only the last counts; found without touching the wide columns."""
    keys = ", ".join(quoted(name) for name in table.key)
    return f"DELETE FROM staged WHERE _row NOT IN (SELECT max(_row) FROM staged GROUP BY {keys})"


def _creation_range(connection: DuckDBPyConnection, table: Table) -> str | None:
    """A condition on `created` that holds for all rows that the batch can replace and that have the stamp.

    A day either side allows for a stamp that was read on another clock before a setting changed.
    None when the table or a staged row has no such stamp.
    """
    if not table.has_creation_stamp:
        return None
    missing, first, last = _one(
        connection,
        "SELECT count(*) - count(created), (min(created) - INTERVAL 1 DAY)::VARCHAR,"
        " (max(created) + INTERVAL 1 DAY)::VARCHAR FROM staged",
    )
    # Literals, because row groups are skipped by what is known when the statement is planned.
    return None if missing else f"stored.created BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}'"


def _find_existing(table: Table, creation_range: str | None) -> str:
    """Where the table has the staged keys. Two scans instead of an OR, which would skip no row group."""
    same_key = " AND ".join(f"stored.{quoted(name)} = staged.{quoted(name)}" for name in table.key)
    found = (
        f"SELECT stored.rowid AS at_row, staged._row FROM staged JOIN {table.qualified_name} AS stored ON {same_key}"
    )
    if creation_range:
        found = f"{found} WHERE {creation_range} UNION ALL {found} WHERE stored.created IS NULL"
    return f"CREATE OR REPLACE TEMP TABLE existing AS {found}"


def _stays(table: Table) -> str:
    """Whether a staged row changes nothing, as SQL over it and `stored`: that is the same already, or a later fetch."""
    same = " AND ".join(
        f"stored.{quoted(column.name)} IS NOT DISTINCT FROM staged.{quoted(column.name)}"
        for column in staged_columns(table)
        if column.name != "_synced_at"
    )
    for doubt in _DOUBTS.get(table.name, ()):
        same = f"{same} AND NOT {doubt}"
    # A pull that began later fetched later, unless the two overlapped; then the times of their fetches tell. These
    # alone would not do: after this machine's clock was set back, all that is new would look older.
    later = "stored._sync_id > ? AND stored._synced_at >= staged._synced_at"
    if table.listed_whole:
        later = f"{later} OR stored.is_missing AND stored.missing_since > staged._synced_at"
    return f"({later} OR ({same}))"


_SAID_SINCE = "said.known_at >= stored._synced_at AND said.known_at < staged._synced_at"
_HELD_DELETED = (
    "EXISTS (FROM ordergroove.deletion_evidence AS said WHERE said.object = '{}' AND said.id = staged.public_id"
    f" AND {_SAID_SINCE})"
)
_DOUBTS = {
    "orders": (_HELD_DELETED.format("orders"),),
    "items": (
        _HELD_DELETED.format("items"),
        f"EXISTS (FROM ordergroove.item_moves AS said WHERE said.item = staged.public_id AND {_SAID_SINCE})",
        # What has no stamp does not show that it was listed with a change of its order; the time of its fetch does.
        "staged.order_updated IS NULL",
    ),
}
"""By table: why a row that is still served as it was is written again, as the proof that it was fetched."""


def _quarantine(connection: DuckDBPyConnection, run: SyncRun, records: Sequence[QuarantinedRecord]) -> None:
    if not records:
        return
    raws = [sync_log.storable(record.raw) for record in records]
    digests = [record.digest or _digest(raw) for record, raw in zip(records, raws, strict=True)]
    served = {"object": run.object_name, "raws": raws, "digests": digests}
    connection.execute(read_sql("recognize_quarantined.sql"), served)
    reasons = [sync_log.storable(record.reason) for record in records]
    connection.execute(read_sql("quarantine.sql"), {**served, "sync_id": run.sync_id, "reasons": reasons})


def _digest(text: str) -> str:
    """What tells a text apart that is shown as it came."""
    return sha256(text.encode()).hexdigest()


def _one(connection: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return tuple(connection.execute(query).fetchall()[0])

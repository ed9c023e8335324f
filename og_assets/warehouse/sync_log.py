"""The life of a pull in ops.sync_runs and ops.sync_state: begun, resumed, reported, succeeded or failed.

running ──► succeeded
   │  ╲───► failed or canceled ───► running   (resumed by a retry of the same Dagster run)
   ╰──────► abandoned                         (its process died, and another pull of the object began)

A first pull that did not end well may be gone on with by a later run, under a number of its own (docs/decisions.md).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.warehouse.errors import UnknownSync
from og_assets.warehouse.progress import BatchCounts, Progress, Resume, SyncPlan, SyncRun
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.transactions import transaction

RESUMABLE_FOR = timedelta(days=1)
"""For how long after its start a first pull may be gone on with by a later run."""


def read_watermark(connection: DuckDBPyConnection, object_name: str) -> datetime | None:
    """The instant (UTC) up to which all changes of the object are loaded; None before its first complete pull."""
    row = connection.execute("SELECT watermark FROM ops.sync_state WHERE object = ?", [object_name]).fetchone()
    return _utc(row[0]) if row else None


def read_counts(connection: DuckDBPyConnection, run: SyncRun) -> tuple[BatchCounts, int]:
    """What a pull has done so far, in keys, and how many records it has quarantined. Raises UnknownSync."""
    row = connection.execute(
        "SELECT inserted, updated, unchanged, quarantined FROM ops.sync_runs WHERE sync_id = ?", [run.sync_id]
    ).fetchone()
    if row is None:
        raise UnknownSync(run.sync_id)
    return BatchCounts(*row[:3]), int(row[3])


def read_last_whole_count(connection: DuckDBPyConnection, object_name: str, filters: Mapping[str, Any]) -> int | None:
    """How many records the last complete pull of the whole object with these filters had; None before the first."""
    row = connection.execute(
        read_sql("last_whole_pull.sql"), {"object": object_name, "filters": json.dumps(filters, sort_keys=True)}
    ).fetchone()
    return row[0] if row else None


def begin_sync(connection: DuckDBPyConnection, plan: SyncPlan) -> SyncRun:
    """Register a pull, in one transaction.

    When the newest pull of the object is of the same run, mode and filters and did not end well
    after a loaded batch, that pull goes on: its number, start and counts stay, and the answer says
    where to resume. Otherwise the pull gets a new number, greater than all others, and pulls of
    the object that are still `running` become `abandoned`. With a `resume_key` it then goes on where
    the newest pull of any run with the same key, mode and filters stopped, if that began within
    RESUMABLE_FOR, and takes over its start and counts.
    """
    filters = json.dumps(plan.filters, sort_keys=True)
    with transaction(connection):
        _conflict_with_other_loads(connection)
        resumed = _resume(connection, plan, filters)
        if resumed:
            return resumed
        connection.execute(
            "UPDATE ops.sync_runs SET outcome = 'abandoned' WHERE object = ? AND outcome = 'running'",
            [plan.object_name],
        )
        row = connection.execute("SELECT coalesce(max(sync_id), 0) + 1 FROM ops.sync_runs").fetchone()
        sync_id = int(row[0]) if row else 1
        connection.execute(
            read_sql("begin_sync.sql"),
            {
                "sync_id": sync_id,
                "object": plan.object_name,
                "run_id": plan.run_id,
                "mode": plan.mode,
                "window_start": plan.window_start,
                "window_end": plan.window_end,
                "filters": filters,
                "watermark_before": plan.watermark_before,
                "started_at": plan.started_at,
                "resume_key": plan.resume_key,
            },
        )
        if plan.resume_key is None:
            return SyncRun(sync_id, plan.object_name)
        connection.execute(
            read_sql("take_over.sql"),
            {
                "sync_id": sync_id,
                "object": plan.object_name,
                "mode": plan.mode,
                "filters": filters,
                "resume_key": plan.resume_key,
                "since": plan.started_at - RESUMABLE_FOR,
            },
        )
        return _resume(connection, plan, filters) or SyncRun(sync_id, plan.object_name)


def _resume(connection: DuckDBPyConnection, plan: SyncPlan, filters: str) -> SyncRun | None:
    found = connection.execute(
        read_sql("resumable_sync.sql"),
        {"object": plan.object_name, "run_id": plan.run_id, "mode": plan.mode, "filters": filters},
    ).fetchone()
    if not found:
        return None
    sync_id, started_at, pages, requests, retries, records, noted, size, slowest, skew, next_url, earlier = found
    connection.execute(
        "UPDATE ops.sync_runs SET outcome = 'running', finished_at = NULL, error = NULL WHERE sync_id = ?", [sync_id]
    )
    progress = Progress(
        pages=pages,
        requests=requests,
        retries=json.loads(retries),
        records=records,
        noted=noted,
        bytes=size,
        slowest_response_seconds=slowest,
        clock_skew_seconds=skew,
        next_url=next_url,
    )
    return SyncRun(sync_id, plan.object_name, Resume(next_url, _utc(started_at), progress, earlier))


def forget_resume(connection: DuckDBPyConnection, sync_id: int, *, started_at: datetime | None = None) -> SyncRun:
    """Start the pull over because its cursor is no longer accepted: counts are zero and nothing is to resume.

    What it loaded stays. `started_at` is the new start, when the caller has one; else the first start
    remains, which is earlier and therefore safe. Raises UnknownSync.
    """
    with transaction(connection):
        row = connection.execute(
            read_sql("forget_resume.sql"), {"sync_id": sync_id, "started_at": started_at}
        ).fetchone()
        _require_one(row, sync_id)
        connection.execute("DELETE FROM ops.seen_keys WHERE sync_id = ?", [sync_id])
        found = connection.execute("SELECT object FROM ops.sync_runs WHERE sync_id = ?", [sync_id]).fetchone()
    return SyncRun(sync_id, found[0] if found else "")


def fail_sync(connection: DuckDBPyConnection, sync_id: int, error: str | None) -> None:
    """Record that the pull failed and why, or with None that it was canceled; a retry in the same run may resume it.

    Raises UnknownSync.
    """
    with transaction(connection):
        row = connection.execute(
            "UPDATE ops.sync_runs SET outcome = ?, finished_at = now(), error = ? WHERE sync_id = ?",
            ["canceled" if error is None else "failed", None if error is None else storable(error), sync_id],
        ).fetchone()
        _require_one(row, sync_id)


def end_syncs(connection: DuckDBPyConnection, run_id: str, outcome: str) -> None:
    """Record how the pulls of a run have ended that could not do so themselves, because their process was killed."""
    connection.execute(
        "UPDATE ops.sync_runs SET outcome = ?, finished_at = now() WHERE run_id = ? AND outcome = 'running'",
        [outcome, run_id],
    )


def report(
    connection: DuckDBPyConnection, run: SyncRun, progress: Progress, counts: BatchCounts, quarantined: int
) -> None:
    """Write the pull's progress and add the batch's counts; part of the batch's transaction. Raises UnknownSync."""
    _conflict_with_other_loads(connection)
    row = connection.execute(
        read_sql("report_progress.sql"),
        {
            "sync_id": run.sync_id,
            "pages": progress.pages,
            "requests": progress.requests,
            "retries": json.dumps(dict(progress.retries), sort_keys=True),
            "records": progress.records,
            "noted": progress.noted,
            "bytes": progress.bytes,
            "slowest": progress.slowest_response_seconds,
            "skew": progress.clock_skew_seconds,
            "next_url": progress.next_url,
            "inserted": counts.inserted,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "quarantined": quarantined,
        },
    ).fetchone()
    _require_one(row, run.sync_id)
    if counts.inserted or counts.updated:
        number_load(connection, run.sync_id)


def number_load(connection: DuckDBPyConnection, sync_id: int) -> None:
    """Give what the open transaction wrote for the pull the next number in the order of commits."""
    connection.execute(read_sql("number_load.sql"), {"sync_id": sync_id})


def succeed(connection: DuckDBPyConnection, run: SyncRun, watermark: datetime | None) -> None:
    """End the pull well, and move the object's watermark when one is given; part of the last batch's transaction.

    A watermark never moves back: a pull that was overtaken by a later one leaves the later one's.
    """
    if watermark is not None:
        moved = {"object": run.object_name, "watermark": watermark, "sync_id": run.sync_id}
        row = connection.execute(read_sql("move_watermark.sql"), moved).fetchone()
        if not row or not row[0]:
            connection.execute("INSERT INTO ops.sync_state VALUES ($object, $watermark, $sync_id, now())", moved)
    connection.execute(read_sql("succeed_sync.sql"), {"object": run.object_name, "sync_id": run.sync_id})


def _conflict_with_other_loads(connection: DuckDBPyConnection) -> None:
    """Change the row that all loads change, so that none commits beside another (lake_locks.py)."""
    connection.execute("UPDATE ops.loads SET number = number + 1")


def storable(text: str) -> str:
    """`text` as DuckDB takes it: half surrogate pairs, which are no characters, are written out."""
    return text.encode(errors="backslashreplace").decode()


def _require_one(updated: tuple[Any, ...] | None, sync_id: int) -> None:
    if not updated or updated[0] != 1:
        raise UnknownSync(sync_id)


def _utc(stamp: datetime) -> datetime:
    return stamp.astimezone(UTC)

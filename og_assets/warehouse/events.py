"""Webhook events in the warehouse: each id once, whatever is read again. Knows neither the inbox nor webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from og_assets.warehouse import sync_log
from og_assets.warehouse.progress import BatchCounts, Progress, SyncRun
from og_assets.warehouse.retention import forget_old_pulls
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.transactions import transaction


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of ordergroove.events; instants are aware, `event_at` on Ordergroove's clock, `received_at` on ours."""

    event_id: str
    type: str | None
    family: str | None
    object_id: str | None
    event_at: datetime | None
    received_at: datetime
    raw: str


def read_position(connection: DuckDBPyConnection, inbox: str) -> int:
    """How far the inbox of that identity was read; 0 for one that is new."""
    row = connection.execute("SELECT max(position) FROM ops.inbox_state WHERE identity = ?", [inbox]).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def store_events(
    connection: DuckDBPyConnection,
    events: Sequence[StoredEvent],
    run: SyncRun,
    progress: Progress,
    *,
    inbox: str,
    position: int,
    finished: bool = False,
) -> list[StoredEvent]:
    """Store those events that are not there yet, with the position that was read, in one transaction.

    `events` have each id once, and text without half surrogate pairs. Returns the new ones. With
    `finished` the reading of the inbox succeeds. Raises UnknownSync.
    """
    with transaction(connection):
        found = connection.execute(
            "SELECT event_id FROM ordergroove.events WHERE event_id IN (SELECT unnest(?::VARCHAR[]))",
            [[event.event_id for event in events]],
        ).fetchall()
        known = {event_id for (event_id,) in found}
        new = [event for event in events if event.event_id not in known]
        connection.execute(
            read_sql("store_events.sql"),
            {
                "sync_id": run.sync_id,
                "event_ids": [event.event_id for event in new],
                "types": [event.type for event in new],
                "families": [event.family for event in new],
                "object_ids": [event.object_id for event in new],
                "event_times": [event.event_at for event in new],
                "received_times": [event.received_at for event in new],
                "raws": [event.raw for event in new],
            },
        )
        connection.execute("DELETE FROM ops.inbox_state WHERE identity = ?", [inbox])
        connection.execute("INSERT INTO ops.inbox_state VALUES (?, ?)", [inbox, position])
        counts = BatchCounts(inserted=len(new), unchanged=len(events) - len(new))
        sync_log.report(connection, run, progress, counts, 0)
        if finished:
            sync_log.succeed(connection, run, None)
            forget_old_pulls(connection, run, "ordergroove.events")
    return new

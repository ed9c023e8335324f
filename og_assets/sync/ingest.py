"""Moves webhook events from the inbox into the warehouse, each exactly once. Joins the two; knows no Dagster.

Where the inbox was read up to is kept in the warehouse, in the transaction of the events themselves.
Should that be lost, all of the inbox is read again and the events' ids keep the table as it is.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.json_text import BrokenBody, cut_object, text_of
from og_assets.ordergroove.masking import Masking
from og_assets.sync.forgetting import without_the_forgotten
from og_assets.sync.logged_run import logged_run
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.events import StoredEvent, read_position, store_events
from og_assets.warehouse.forgotten import read_forgotten, require_same
from og_assets.warehouse.progress import Progress, SyncPlan
from og_assets.warehouse.sync_log import storable
from og_assets.warehouse.warehouse import Warehouse
from og_assets.webhooks.inbox import Inbox, InboxEvent

EVENTS = "events"
MODE = "inbox"
"""`ops.sync_runs.mode` of a reading of the inbox."""
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
EVENTS_PER_BATCH = 5000
KEPT_IN_INBOX = timedelta(days=30)
"""How long events stay in the inbox after they came: far beyond the three days in which they may be sent again."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a reading of the inbox did; `new_by_day` counts new events by their day in Chicago."""

    read: int = 0
    new: int = 0
    new_by_day: Mapping[date, int] = field(default_factory=dict)


def ingest(inbox: Inbox, warehouse: Warehouse, *, run_id: str, masking: Masking) -> IngestReport:
    """Store in `ordergroove.events` what the inbox has that is not there yet; events of unknown types too.

    An inbox that does not exist has no events. What is in the warehouse and older than KEPT_IN_INBOX is
    removed from the inbox. `masking` is applied once more, for events that came while the setting was
    another. Raises WarehouseError and WebhookError; what was stored until then stays.
    """
    identity = inbox.identity()
    if identity is None:
        return IngestReport()
    with warehouse.get_connection() as connection:
        position = read_position(connection, identity)
        forgotten = read_forgotten(connection)
    batch = inbox.after(position, EVENTS_PER_BATCH)
    if not batch:
        inbox.trim(position, datetime.now(UTC) - KEPT_IN_INBOX)
        return IngestReport()
    plan = SyncPlan(
        object_name=EVENTS, run_id=run_id, mode=MODE, filters={"after": position}, started_at=datetime.now(UTC)
    )
    read, size, days = 0, 0, Counter[date]()
    with logged_run(warehouse, lambda _: plan) as run:
        while batch:
            batch = without_the_forgotten(inbox, batch, forgotten, masking.salt)
            events = {stored.event_id: stored for _, event in batch for stored in [read_event(event, masking)]}
            read, position = read + len(batch), batch[-1][0]
            size += sum(len(event.body) for _, event in batch)
            batch = inbox.after(position, EVENTS_PER_BATCH)
            with warehouse.get_connection() as connection:
                require_same(connection, forgotten)
                new = store_events(
                    connection,
                    list(events.values()),
                    run,
                    Progress(records=read, bytes=size),
                    inbox=identity,
                    position=position,
                    finished=not batch,
                )
            days.update(map(_day, new))
    inbox.trim(position, datetime.now(UTC) - KEPT_IN_INBOX)
    return IngestReport(read, days.total(), dict(sorted(days.items())))


def read_event(event: InboxEvent, masking: Masking) -> StoredEvent:
    """An event of the inbox as a row (reference: events-and-payloads). What its body does not tell is None."""
    body = mask_event(event.body, masking)
    return StoredEvent(
        event_id=storable(event.id),
        type=storable(event.type) if event.type else None,
        family=storable(event.type.partition(".")[0]) if event.type else None,
        object_id=_object_id(body),
        event_at=None if event.created is None else datetime.fromtimestamp(event.created, UTC),
        received_at=event.received_at,
        raw=_text(body),
    )


def _text(body: bytes) -> str:
    """The body as text. Bytes that are not UTF-8 are written out behind two backslashes, so that JSON stays JSON."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _NOT_UTF8.sub(lambda byte: f"\\\\x{ord(byte[0]) - 0xDC00:02x}", body.decode(errors="surrogateescape"))


def _object_id(body: bytes) -> str | None:
    """The key of the object: `public_id`, or `merchant_user_id` of a subscriber, which has no public id."""
    try:
        told = cut_object(cut_object(cut_object(body)["data"])["object"])
    except (BrokenBody, KeyError):
        return None
    key = told.get("public_id", told.get("merchant_user_id", b"null"))
    if key.startswith(b'"'):
        return storable(text_of(key)) or None
    return key.decode() if key.removeprefix(b"-").isdigit() else None


def _day(event: StoredEvent) -> date:
    return (event.event_at or event.received_at).astimezone(CHICAGO).date()

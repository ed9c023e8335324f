"""Forgets one person: masks what tells about them wherever it stands, as ORDERGROOVE_PII=drop would have.

Rows stay, so that sums stay; ids stay, because they join tables and tell nothing by themselves. What a later sync or
webhook brings of the person is masked on its way in (ForgetfulReader, sync/ingest.py).
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.errors import OgAssetsError
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.ordergroove.objects import BY_NAME, OBJECTS, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused
from og_assets.ordergroove.record_mask import RecordMask
from og_assets.sync.source import Source
from og_assets.warehouse.file import Warehouse
from og_assets.warehouse.forgotten import Forgotten, forget_from_now, write_anew
from og_assets.warehouse.tables import quoted
from og_assets.warehouse.transactions import transaction
from og_assets.webhooks.inbox import Inbox, InboxEvent

log = logging.getLogger("og_assets")

DROPPING = Masking(PersonalData.DROP)
"""Nothing personal stays, whatever the setting: a hash would still tell the person from all others."""


class CannotForget(OgAssetsError):
    """A person cannot be forgotten; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """How many rows were masked, by table or file; those that were masked before are among them."""

    masked: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForgetfulReader:
    """Reads the bodies of one object, those of forgotten customers with everything personal dropped."""

    reader: RecordReader
    dropping: RecordReader
    forgotten: Forgotten

    def read(self, body: bytes) -> Accepted | Refused:
        """The body as a row, or for quarantine."""
        return (self.dropping if self.forgotten.concerns(body) else self.reader).read(body)


def forgetful(object: OrdergrooveObject, source: Source, forgotten: Forgotten) -> RecordReader | ForgetfulReader:
    """What reads the bodies of an object; while somebody is forgotten, one that masks what concerns them."""
    reader = source.reader(object)
    return ForgetfulReader(reader, RecordReader(object, source.clock, DROPPING), forgotten) if forgotten else reader


def forget(customer: str, warehouse: Warehouse, inbox: Inbox) -> ForgetReport:
    """Mask all of the customer with that id in the warehouse and the inbox, and from now on.

    May be repeated. The warehouse file is written anew, so it needs its size once more on the disk. Raises
    CannotForget, WarehouseError and WebhookError; after a failure between the two files, run it again.
    """
    if "@" in customer:
        raise CannotForget(
            "The customer's id is an e-mail address, which all tables are joined by: it cannot be dropped for one "
            "person. Set ORDERGROOVE_PII=hash or drop, as docs/decisions.md says under Changing the mode later."
        )
    report = ForgetReport()
    with warehouse.get_connection() as connection:
        with transaction(connection):
            forgotten = forget_from_now(connection, customer)
            ids = _ids(connection, customer)
            for object in OBJECTS:
                report.masked[f"ordergroove.{object.name}"] = _mask_rows(connection, object, customer)
            report.masked["analytics.deletion_tombstones"] = _mask_tombstones(connection, customer)
            report.masked["ordergroove.events"] = _mask_events(connection, forgotten, ids)
            report.masked["ops.quarantine"] = _mask_quarantine(connection, forgotten, ids)
        write_anew(connection, warehouse.path)
    report.masked["webhook inbox"] = mask_inbox(inbox, lambda body: forgotten.concerns(body) or _mentions(body, ids))
    log.info("One person was forgotten: %d rows masked.", sum(report.masked.values()))
    return report


def mask_inbox(inbox: Inbox, concerns: Callable[[bytes], bool]) -> int:
    """Mask the events in the inbox that concern a person who is forgotten; how many there are."""
    position, found = 0, 0
    while batch := inbox.after(position):
        position = batch[-1][0]
        masked = [(place, mask_event(event.body, DROPPING)) for place, event in batch if concerns(event.body)]
        inbox.rewrite(masked)
        found += len(masked)
    return found


def without_the_forgotten(
    inbox: Inbox, batch: list[tuple[int, InboxEvent]], forgotten: Forgotten
) -> list[tuple[int, InboxEvent]]:
    """Events of the inbox with those of forgotten customers masked, in the inbox too."""
    if not forgotten:
        return batch
    masked = {place: mask_event(event.body, DROPPING) for place, event in batch if forgotten.concerns(event.body)}
    inbox.rewrite(list(masked.items()))
    return [(place, replace(event, body=masked.get(place, event.body))) for place, event in batch]


def _ids(connection: DuckDBPyConnection, customer: str) -> set[bytes]:
    """By what the person is found where no customer is named: ids of what is theirs, and what tells of them."""
    found = {customer}
    for object in OBJECTS:
        columns = {column.name for column in object.columns}
        if not _exists(connection, object.name) or _customer_column(object) not in columns:
            continue
        telling = [name for name in ("email", "phone_number", "phone") if name in columns]
        for name in (*object.key, *telling):
            rows = connection.execute(
                f"SELECT DISTINCT {quoted(name)} FROM ordergroove.{object.name}"
                f" WHERE {quoted(_customer_column(object))} = ? AND length({quoted(name)}) >= 5",
                [customer],
            ).fetchall()
            found |= {str(value) for (value,) in rows}
    return {value.encode() for value in found if len(value) >= 5}  # noqa: PLR2004 - shorter ones are found in anything


def _customer_column(object: OrdergrooveObject) -> str:
    return "merchant_user_id" if object.name == "customers" else "customer"


def _mask_rows(connection: DuckDBPyConnection, object: OrdergrooveObject, customer: str) -> int:
    if not _exists(connection, object.name):
        return 0
    columns = {column.name for column in object.columns}
    if _customer_column(object) in columns:
        theirs = f"{quoted(_customer_column(object))} = ?"
    elif object.name == "items":
        theirs = '"order" IN (SELECT public_id FROM ordergroove.orders WHERE customer = ?)'
    else:
        return 0
    personal = [column.name for column in object.columns if column.is_masked]
    reader = RecordReader(object, SourceClock(), DROPPING)
    rows = connection.execute(
        f"SELECT rowid, _raw FROM ordergroove.{object.name} WHERE {theirs}", [customer]
    ).fetchall()
    for row, raw in rows:
        record = reader.read(raw.encode())
        values = json.loads(record.values) if isinstance(record, Accepted) else {}
        notes = json.dumps(record.notes) if isinstance(record, Accepted) and record.notes else None
        sets = "".join(f", {quoted(name)} = ?" for name in personal)
        connection.execute(
            f"UPDATE ordergroove.{object.name} SET _raw = ?, _notes = ?{sets} WHERE rowid = ?",
            [record.raw, notes, *(values.get(name) for name in personal), row],
        )
    return len(rows)


def _mask_tombstones(connection: DuckDBPyConnection, customer: str) -> int:
    rows = connection.execute(
        "SELECT object, id, last_state FROM analytics.deletion_tombstones"
        " WHERE customer = ? AND last_state IS NOT NULL",
        [customer],
    ).fetchall()
    for name, id, state in rows:
        masked = RecordMask(BY_NAME[name], DROPPING).record(state.encode()).decode()
        connection.execute(
            "UPDATE analytics.deletion_tombstones SET last_state = ? WHERE object = ? AND id = ?", [masked, name, id]
        )
    return len(rows)


def _mask_events(connection: DuckDBPyConnection, forgotten: Forgotten, ids: set[bytes]) -> int:
    found = 0
    for event_id, raw in _theirs(connection, "SELECT event_id, raw FROM ordergroove.events", forgotten, ids):
        masked = mask_event(raw, DROPPING).decode(errors="replace")
        connection.execute("UPDATE ordergroove.events SET raw = ? WHERE event_id = ?", [masked, event_id])
        found += 1
    return found


def _mask_quarantine(connection: DuckDBPyConnection, forgotten: Forgotten, ids: set[bytes]) -> int:
    found = 0
    for row, raw in _theirs(connection, "SELECT rowid, raw FROM ops.quarantine", forgotten, ids):
        connection.execute("UPDATE ops.quarantine SET raw = ? WHERE rowid = ?", [_unreadable(raw), row])
        found += 1
    return found


def _unreadable(raw: bytes) -> str:
    """A text of which nobody knows what is where: all of it is masked."""
    try:
        json.loads(raw)
    except ValueError:
        return DROPPING.unreadable(raw.decode(errors="replace"))
    return DROPPING.everything(raw).decode(errors="replace")


def _theirs(
    connection: DuckDBPyConnection, sql: str, forgotten: Forgotten, ids: set[bytes]
) -> Iterable[tuple[Any, bytes]]:
    """The rows of (key, text) whose text concerns a person who is forgotten."""
    rows = [(key, raw.encode()) for key, raw in connection.execute(sql).fetchall()]
    return [(key, raw) for key, raw in rows if forgotten.concerns(raw) or _mentions(raw, ids)]


def _mentions(body: bytes, ids: set[bytes]) -> bool:
    return any(id in body for id in ids)


def _exists(connection: DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'ordergroove'"
        " AND table_name = ?",
        [name],
    ).fetchone()
    return found is not None

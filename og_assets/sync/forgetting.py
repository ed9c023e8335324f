"""Forgets one person: masks what tells about them wherever it stands, as ORDERGROOVE_PII=drop would have.

Rows stay, so that sums stay; ids stay, because they join tables and tell nothing by themselves. An id that is an e-mail
address becomes a keyed hash. What a later sync, webhook or file drop brings of the person is masked before it is loaded
(ForgetfulReader, sync/ingest.py, sync/drops.py).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from og_assets.errors import OgAssetsError
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.masking import MARK
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused
from og_assets.sync.forgotten_drops import dropping, forget_in_archive
from og_assets.sync.forgotten_rows import Person, find_person, ids_of, mask_person
from og_assets.sync.source import Source
from og_assets.warehouse.forgotten import Forgotten, ensure_key, forget_from_now, write_anew
from og_assets.warehouse.marts.build import remove_scratch
from og_assets.warehouse.staging import remove_leftovers, staging_folder
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.warehouse import Warehouse
from og_assets.webhooks.inbox import Inbox, InboxEvent

log = logging.getLogger("og_assets")


class CannotForget(OgAssetsError):
    """A person cannot be forgotten; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a merchant's persons are kept, and the salt of its hashes. `typed` are files of what people typed."""

    warehouse: Warehouse
    inbox: Inbox
    archive: Archive | None = None
    typed: Sequence[Path] = ()
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """How many rows were masked, by table or place; those that were masked before are among them.

    `unreadable` are copies of file drops that could not be looked into.
    """

    masked: dict[str, int] = field(default_factory=dict)
    unreadable: Sequence[Path] = ()
    forgotten: Forgotten = field(default_factory=Forgotten, repr=False)


@dataclass(frozen=True, slots=True)
class ForgetfulReader:
    """Reads the bodies of one object, those of forgotten customers with everything personal dropped."""

    reader: RecordReader
    dropping: RecordReader
    forgotten: Forgotten

    def plain(self, bodies: Sequence[bytes]) -> Sequence[bytes | None]:
        """The bodies as they may be written, when the database can read them; none of forgotten customers can."""
        concerned = [self.forgotten.concerns(body) for body in bodies]
        if not any(concerned):
            return self.reader.plain(bodies)
        return [
            None if theirs else self.reader.plain([body])[0] for body, theirs in zip(bodies, concerned, strict=True)
        ]

    def offsets(self) -> list[tuple[date, timedelta]]:
        """From which day on what is to be taken off a stamp to make it UTC, for all plain bodies until now."""
        return self.reader.offsets()

    def read(self, body: bytes) -> Accepted | Refused:
        """The body as a row, or for quarantine."""
        return (self.dropping if self.forgotten.concerns(body) else self.reader).read(body)


def forgetful(object: OrdergrooveObject, source: Source, forgotten: Forgotten) -> RecordReader | ForgetfulReader:
    """What reads the bodies of an object; while somebody is forgotten, one that masks what concerns them."""
    reader = source.reader(object)
    if not forgotten:
        return reader
    masking = dropping(forgotten.key, source.masking.salt)
    return ForgetfulReader(reader, RecordReader(object, source.clock, masking), forgotten)


def forget(customer: str, places: Places) -> ForgetReport:
    """Mask all of the customer with that id, as the shop has it, and from now on.

    May be repeated, and is to be after a failure. A sync that has read of the person by now reads again. The warehouse
    file is written anew, so it needs its size once more on the disk. Raises CannotForget, WarehouseError and
    WebhookError.
    """
    if customer.startswith(MARK):
        raise CannotForget("That is the hash of an id. Name the id as the shop has it: it is what a later sync brings.")
    warehouse = places.warehouse
    with warehouse.get_connection() as connection, transaction(connection):
        ids = ids_of(customer, ensure_key(connection), places.salt)
        person = find_person(connection, ids)
        forgotten = forget_from_now(connection, person.told())
    # The tables come last: by what they say the person is found elsewhere, should this be run again.
    masking = dropping(forgotten.key, places.salt)
    elsewhere = {
        "webhook inbox": mask_inbox(places.inbox, person.is_in, forgotten, places.salt),
        "typed into og query": sum(_remove_lines(file, person) for file in places.typed),
    }
    unreadable: Sequence[Path] = ()
    if places.archive:
        elsewhere["archive of file drops"], unreadable = forget_in_archive(places.archive, forgotten, masking)
        places.archive.clear_incoming()  # what was not loaded yet is fetched again
    with warehouse.get_connection() as connection:
        with transaction(connection):
            masked = mask_person(connection, person, forgotten, masking)
        write_anew(connection, warehouse.place)
    remove_leftovers(staging_folder(warehouse.place))
    remove_scratch(warehouse.place)
    report = ForgetReport(masked | elsewhere, unreadable, forgotten)
    log.info("One person was forgotten: %d rows masked.", sum(report.masked.values()))
    return report


def mask_inbox(inbox: Inbox, mentions: Callable[[bytes], bool], forgotten: Forgotten, salt: bytes) -> int:
    """Mask the events in the inbox that concern a person who is forgotten; how many there are."""
    masking = dropping(forgotten.key, salt)
    position, found = 0, 0
    while batch := inbox.after(position):
        position = batch[-1][0]
        theirs = [(at, event.body) for at, event in batch if forgotten.concerns(event.body) or mentions(event.body)]
        inbox.rewrite([(at, mask_event(body, masking)) for at, body in theirs])
        found += len(theirs)
    return found


def without_the_forgotten(
    inbox: Inbox, batch: list[tuple[int, InboxEvent]], forgotten: Forgotten, salt: bytes
) -> list[tuple[int, InboxEvent]]:
    """Events of the inbox with those of forgotten customers masked, in the inbox too."""
    if not forgotten:
        return batch
    masking = dropping(forgotten.key, salt)
    masked = {place: mask_event(event.body, masking) for place, event in batch if forgotten.concerns(event.body)}
    inbox.rewrite(list(masked.items()))
    return [(place, replace(event, body=masked.get(place, event.body))) for place, event in batch]


def _remove_lines(file: Path, person: Person) -> int:
    """Remove the lines of a file that mention the person; how many."""
    if not file.exists():
        return 0
    lines = file.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not person.is_in(line)]
    if len(kept) < len(lines):
        file.write_bytes(b"".join(kept))
    return len(lines) - len(kept)

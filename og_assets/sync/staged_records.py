"""Records on their way to staging: the plain ones as they came, the others read one by one, in their order."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from pydantic_core import to_json

from og_assets.ordergroove.reader import Accepted, Refused
from og_assets.warehouse.progress import QuarantinedRecord
from og_assets.warehouse.staging import Staging


class ReadsRecords(Protocol):
    """What reads the bodies of one object, as RecordReader does."""

    def plain(self, bodies: Sequence[bytes]) -> Sequence[bytes | None]:
        """The bodies as they may be written, when the database can read them by itself to what `read` makes of them."""

    def offsets(self) -> list[tuple[date, timedelta]]:
        """From which day on what is to be taken off a stamp to make it UTC, for all plain bodies until now."""

    def read(self, body: bytes) -> Accepted | Refused:
        """One body, of any content, as a record or as refused."""


def stage_records(
    bodies: Sequence[bytes], fetched_at: datetime, reader: ReadsRecords, staging: Staging
) -> tuple[int, list[QuarantinedRecord]]:
    """Stage the records of a page; how many rows have notes, and the records that cannot be rows."""
    plain = reader.plain(bodies)
    if plain is bodies:
        staging.write_plain(bodies, fetched_at)
        staging.end_page()
        return 0, []
    noted, refused = 0, []
    when = to_json(fetched_at)
    for is_plain, run in groupby(zip(plain, bodies, strict=True), lambda record: record[0] is not None):
        if is_plain:
            staging.write_plain([record for record, _ in run if record is not None], fetched_at)
            continue
        for _, body in run:
            record = reader.read(body)
            if isinstance(record, Accepted):
                noted += bool(record.notes)
                staging.write(staged_line(record, when))
            else:
                refused.append(QuarantinedRecord(record.reason, record.raw, record.digest))
    staging.end_page()
    return noted, refused


def staged_line(record: Accepted, fetched_at: bytes) -> bytes:
    """An accepted record as a line for staging; `fetched_at` is an instant as JSON."""
    notes = to_json(to_json(record.notes).decode()) if record.notes else b"null"
    return b'%b,"_synced_at":%b,"_notes":%b,"_raw":%b}' % (record.values[:-1], fetched_at, notes, to_json(record.raw))

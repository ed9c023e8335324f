"""Validated rows on their way: NDJSON segments beside the warehouse, gone when the pull is. No DuckDB here.

A staging area belongs to the process that made it. It holds a lock on a file beside its folder for
as long as it lives, so what a killed process left is known by its free lock, and removed by the
next one that starts.
"""

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Self
from uuid import uuid4

from filelock import Timeout

from og_assets.locking import ProcessLock
from og_assets.warehouse.errors import WarehouseUnwritable
from og_assets.warehouse.place import Where, place_of
from og_assets.warehouse.tables import Table

PAGES_PER_SEGMENT = 300
BYTES_PER_SEGMENT = 24 * 1024 * 1024
"""Keeps the memory of a batch bounded when records are large."""

_SURROGATES = re.compile(
    rb"\\\\"  # an escaped backslash: what follows it is plain text
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half of one
)


@dataclass(frozen=True, slots=True)
class Segment:
    """Closed files of rows, ready for `load_batch`. `longest_line` is in bytes.

    `offsets` tells from which day on what is to be taken off a stamp of a plain record to make it UTC.
    """

    path: Path
    rows: int
    longest_line: int
    plain_rows: int = 0
    offsets: Sequence[tuple[date, timedelta]] = ()

    @property
    def plain_path(self) -> Path:
        """Plain records as they came, one a line, each after its row's number and the instant of its fetch."""
        return _plain_path(self.path)

    def discard(self) -> None:
        """Remove the files; what was loaded needs no room on the disk."""
        self.path.unlink(missing_ok=True)
        self.plain_path.unlink(missing_ok=True)


def staging_folder(warehouse: Where) -> Path:
    """Where the staging areas of the warehouse at `warehouse` are, on this machine."""
    return place_of(warehouse).beside("staging")


class Staging:
    """The staging area of one pull: `with Staging(staging_folder(path), table) as staging: ...`.

    Each line is a JSON object that ends with its brace or a line feed, with the table's column names as keys
    and JSON scalars as values: money as a string, stamps and days in ISO form, JSON columns as a string that
    holds JSON text; further `_synced_at` (ISO with offset), `_raw` (string) and `_notes` (string that holds a JSON
    list, or null). Missing keys mean null. A plain record is one that the database reads by itself, compact JSON
    without a control character. Rows of both kinds keep their order: of two with one key the later wins.

    Raises WarehouseUnwritable when the disk does not take it.
    """

    def __init__(self, folder: Path, table: Table) -> None:
        self._area = folder / f"{table.name}-{os.getpid()}-{uuid4().hex[:8]}"
        self._lock = ProcessLock(_lock_path(self._area), thread_local=False)
        self._segments = 0
        self._open: _OpenSegment | None = None

    def __enter__(self) -> Self:
        folder = self._area.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Under one lock, so that nobody takes an area that is being made for one that was left.
            with ProcessLock(folder / ".lock"):
                remove_leftovers(folder)
                self._lock.acquire()
                self._area.mkdir(mode=0o700)
        except OSError as error:
            self._lock.release()
            raise WarehouseUnwritable(folder, str(error)) from error
        return self

    def __exit__(self, *exception: object) -> None:
        if self._open:
            with suppress(OSError):
                self._open.close()
        _remove(self._area)
        self._lock.release()

    @property
    def is_full(self) -> bool:
        """Whether the open segment has the size that is best loaded as one batch."""
        return self._open is not None and (
            self._open.pages >= PAGES_PER_SEGMENT or self._open.bytes >= BYTES_PER_SEGMENT
        )

    def write(self, line: bytes) -> None:
        """Add one row."""
        self._add([line])

    def write_page(self, lines: Iterable[bytes]) -> None:
        """Add the rows of one page, possibly none."""
        self._add(lines).pages += 1

    def write_plain(self, records: Sequence[bytes], fetched_at: datetime) -> None:
        """Add plain records; `fetched_at` is aware."""
        try:
            self._segment().add_plain(records, fetched_at.isoformat().encode())
        except OSError as error:
            raise WarehouseUnwritable(self._area, str(error)) from error

    def end_page(self) -> None:
        """Count a page whose rows, possibly none, were added before."""
        self.write_page(())

    def close_segment(self, offsets: Sequence[tuple[date, timedelta]] = ()) -> Segment | None:
        """Finish the open segment and hand it over; None when no row was written since the last one."""
        segment, self._open = self._open, None
        if segment is None:
            return None
        try:
            segment.close()
            segment.path.stat()  # somebody may have tidied up meanwhile
        except OSError as error:
            raise WarehouseUnwritable(segment.path, str(error)) from error
        if not segment.rows:
            return None
        return Segment(segment.path, segment.rows, segment.longest_line, segment.plain_rows, offsets)

    def _add(self, lines: Iterable[bytes]) -> "_OpenSegment":
        try:
            segment = self._segment()
            segment.add(list(lines))
        except OSError as error:
            raise WarehouseUnwritable(self._area, str(error)) from error
        return segment

    def _segment(self) -> "_OpenSegment":
        if self._open is None:
            self._segments += 1
            path = self._area / f"{self._segments:05d}.ndjson"
            self._open = _OpenSegment(path, path.open("wb"), _plain_path(path).open("wb"))
        return self._open


class _OpenSegment:
    """A segment that is being written."""

    def __init__(self, path: Path, file: BinaryIO, plain: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._plain = plain
        self.rows = self.pages = self.bytes = self.longest_line = self.plain_rows = 0

    def close(self) -> None:
        self._file.close()
        self._plain.close()

    def add(self, lines: Sequence[bytes]) -> None:
        numbered = _numbered(lines, self.rows)
        text = b"".join(numbered)
        if not _is_safe(text, len(lines)):
            numbered = _numbered([_safe(line) for line in lines], self.rows)
            text = b"".join(numbered)
        self._file.write(text)
        self._count(numbered, text)

    def add_plain(self, records: Sequence[bytes], fetched_at: bytes) -> None:
        lines = [b"%d\t%b\t%b\n" % (row, fetched_at, record) for row, record in enumerate(records, self.rows)]
        text = b"".join(lines)
        self._plain.write(text)
        self.plain_rows += len(lines)
        self._count(lines, text)

    def _count(self, lines: Sequence[bytes], text: bytes) -> None:
        self.rows += len(lines)
        self.bytes += len(text)
        self.longest_line = max(self.longest_line, *map(len, lines), 0)


def _numbered(lines: Sequence[bytes], first_row: int) -> list[bytes]:
    return [b'%b,"_row":%d}\n' % (line.removesuffix(b"}"), row) for row, line in enumerate(lines, first_row)]


def _is_safe(text: bytes, lines: int) -> bool:
    """Whether no line of a page needs a change; one look at all of them, since nearly none does."""
    if text.count(b"\n") > lines or b"\\ud" in text or b"\\uD" in text:
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _safe(line: bytes) -> bytes:
    """`line` as DuckDB reads it: one line, UTF-8, no half surrogate pairs (U+FFFD instead); other content untouched."""
    line = line.rstrip()
    if b"\n" in line:
        # JSON strings hold no raw line feed, so it is only white space between tokens.
        line = line.replace(b"\n", b" ")
    if not line.isascii():
        line = line.decode(errors="replace").encode()
    if b"\\ud" in line or b"\\uD" in line:
        line = _SURROGATES.sub(lambda found: b"\\ufffd" if found[1] else found[0], line)
    return line


def _plain_path(path: Path) -> Path:
    return path.with_suffix(".plain")


def _lock_path(area: Path) -> Path:
    return area.with_name(f"{area.name}.lock")


def _remove(area: Path) -> None:
    shutil.rmtree(area, ignore_errors=True)
    _lock_path(area).unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the staging areas of processes that were killed; those in use stay."""
    for lock_file in folder.glob("?*.lock"):
        area = lock_file.with_suffix("")
        with suppress(Timeout), ProcessLock(lock_file, timeout=0):
            _remove(area)

"""The inbox: a SQLite file that keeps events from the moment they are acknowledged. Knows no HTTP and no DuckDB.

A commit is on the disk before it is reported (WAL, synchronous=FULL). Several processes may write and
read one inbox. Positions only grow, in the order of commits and also over trims, so that a reader who
asks for what is after the last position it saw misses nothing.
"""

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from og_assets.locking import ProcessLock
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.webhooks.errors import InboxError

BUSY_TIMEOUT = 2.0
"""Seconds to wait for another process that writes; well under the five after which Ordergroove gives up."""

APPLICATION_ID = 0x4F47_5748
SCHEMA_VERSION = 1
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE inbox (identity TEXT NOT NULL, checked_at TEXT);
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    type TEXT,
    created INTEGER,
    received_at TEXT NOT NULL,
    body BLOB NOT NULL
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
INSERT = """
INSERT INTO events (event_id, type, created, received_at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (event_id) DO NOTHING
"""
PROBE = "INSERT INTO events (event_id, received_at, body) VALUES ('', '', zeroblob(65536))"
TRIM = """
DELETE FROM events WHERE position IN (
    SELECT position FROM events WHERE position <= ? AND received_at < ? ORDER BY position LIMIT 2000
)
"""


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event as it was received.

    `created` is when it happened (epoch seconds, None when the body does not tell), `received_at` when
    it came (aware), `body` what was verified, with what must not be stored in clear masked.
    """

    id: str
    type: str | None
    created: int | None
    received_at: datetime
    body: bytes


class Inbox:
    """The inbox in the file `path`, made with its folder when something is first stored. Thread-safe.

    It is opened on first use and anew after each failure, so that it works again once the disk does.
    Every method raises InboxError when the file cannot be used.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = path.absolute()
        self._busy_timeout = busy_timeout
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def open(self) -> None:
        """Open or make the file now, to learn of a problem early."""
        with self._using():
            pass

    def close(self) -> None:
        """Close the file; harmless when it is not open, and a later use opens it again."""
        with self._lock:
            self._drop()

    def store(self, event: InboxEvent) -> bool:
        """Store one event durably; False when its id was there already, which changes nothing."""
        return self.store_all([event])[0]

    def store_all(self, events: Sequence[InboxEvent]) -> list[bool]:
        """Store events in one commit: all or, with InboxError, none. Per event, False means a known id."""
        rows = [(event.id, event.type, event.created, _utc_text(event.received_at), event.body) for event in events]
        with self._transaction() as connection:
            return [connection.execute(INSERT, row).rowcount == 1 for row in rows]

    def probe(self) -> None:
        """Find out whether an event could be stored, by a commit of a time stamp; no event is written."""
        with self._transaction() as connection:
            # The stamp alone would still fit into a file that has no room for another event.
            connection.execute("SAVEPOINT room")
            connection.execute(PROBE)
            connection.execute("ROLLBACK TO room")
            connection.execute("UPDATE inbox SET checked_at = ?", (_utc_text(datetime.now(UTC)),))

    def after(self, position: int, limit: int = 1000) -> list[tuple[int, InboxEvent]]:
        """Up to `limit` events behind a position (0: from the start) with their positions, in order of arrival."""
        if not self.path.exists():
            return []
        sql = (
            "SELECT position, event_id, type, created, received_at, body FROM events "
            "WHERE position > ? ORDER BY position LIMIT ?"
        )
        with self._using() as connection:
            rows = connection.execute(sql, (position, limit)).fetchall()
        return [
            (place, InboxEvent(event_id, kind, created, datetime.fromisoformat(received_at), body))
            for place, event_id, kind, created, received_at, body in rows
        ]

    def highest(self) -> int:
        """The position of the newest event, 0 when there is none or no inbox yet. Rises whenever an event is stored."""
        if not self.path.exists():
            return 0
        with self._using() as connection:
            (highest,) = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        return int(highest)

    def identity(self) -> str | None:
        """A name that this inbox keeps for life, None when there is no inbox yet.

        Positions of two inboxes have nothing to do with each other: a position that is kept elsewhere
        is kept with the identity, and when the file was replaced, reading starts from 0.
        """
        if not self.path.exists():
            return None
        with self._using() as connection:
            (identity,) = connection.execute("SELECT identity FROM inbox").fetchone()
        return str(identity)

    def trim(self, upto: int, received_before: datetime) -> int:
        """Delete events up to a position that were received before an instant (aware); returns how many.

        An event that is sent again after it was trimmed is stored again. Ordergroove retries for up to
        three days (guide: configure-webhooks-via-api), so keep at least as many.
        """
        if not self.path.exists():
            return 0
        trimmed, deleted = 0, -1
        while deleted:
            # In pieces, so that no receiver waits long.
            with self._transaction() as connection:
                deleted = connection.execute(TRIM, (upto, _utc_text(received_before))).rowcount
            trimmed += deleted
        return trimmed

    def rewrite(self, bodies: Sequence[tuple[int, bytes]]) -> None:
        """Put other bodies in the place of those at these positions; nothing of the old ones stays in the file."""
        if not bodies:
            return
        with self._transaction() as connection:
            connection.executemany("UPDATE events SET body = ? WHERE position = ?", [(new, at) for at, new in bodies])
        with self._using() as connection, closing(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as checkpoint:
            checkpoint.fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
            # A file that was deleted or replaced takes commits as before, and nobody will ever read them.
            if _file_of(self.path) != self._file:
                raise OSError("the file was replaced while it was open")

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone; any failure closes it, which also rolls back."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    self._file = _file_of(self.path)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                self._drop()
                raise InboxError(self.path, _problem(error)) from error
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite does not wait when two processes turn a new file to WAL at the same time.
        with ProcessLock(f"{self.path}.lock", timeout=self._busy_timeout), new_files_for_owner_only():
            connection = sqlite3.connect(
                self.path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (application or version or tables):
            raise InboxError(self.path, "it is another program's SQLite database")
        if version > SCHEMA_VERSION:
            raise InboxError(self.path, "a newer og_assets has made it; install that release")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise InboxError(self.path, "its file system does not allow several processes (SQLite's WAL mode)")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        # What is trimmed is overwritten, and does not stay readable in free pages.
        connection.execute("PRAGMA secure_delete = ON")
        if application != APPLICATION_ID:
            connection.executescript(SCHEMA)
            connection.execute("INSERT INTO inbox (identity) VALUES (?)", (uuid.uuid4().hex,))
            connection.execute("COMMIT")
        # What a killed process wrote and did not flush is visible again; it is flushed before it counts as a duplicate.
        with closing(connection.execute("PRAGMA wal_checkpoint(PASSIVE)")) as checkpoint:
            checkpoint.fetchall()


def _file_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _utc_text(instant: datetime) -> str:
    """An instant as text of fixed width, so that texts sort as instants do."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _problem(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)

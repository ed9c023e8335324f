"""The inbox in a SQLite file: WAL, and flushed at each commit."""

import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from og_assets.locking import ProcessLock
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.store import InboxEvent, NoInboxYet, in_utc

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
AFTER = """
SELECT position, event_id, type, created, received_at, body FROM events WHERE position > ? ORDER BY position LIMIT ?
"""
TRIM = """
DELETE FROM events WHERE position IN (
    SELECT position FROM events WHERE position <= ? AND received_at < ? ORDER BY position LIMIT 2000
)
"""


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """The file of an inbox; it is made with its folder."""

    path: Path

    def open(self, busy_timeout: float, *, make: bool) -> "SqliteStore":
        """Open the file; one that is not there is made, or without `make` NoInboxYet raised."""
        if not make and not self.path.exists():
            raise NoInboxYet
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite does not wait when two processes turn a new file to WAL at the same time.
        with ProcessLock(f"{self.path}.lock", timeout=busy_timeout), new_files_for_owner_only():
            connection = sqlite3.connect(self.path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return SqliteStore(self.path, connection)

    def failures(self) -> tuple[type[Exception], ...]:
        """What the file raises."""
        return (sqlite3.Error, OSError)

    def problem(self, error: Exception) -> str:
        """What went wrong, in a few words."""
        return error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)

    @property
    def advice(self) -> str:
        """What to look at when it cannot be used."""
        return (
            "Check that ORDERGROOVE_WEBHOOK_INBOX names a file of its own in a folder that this user may write to, "
            "with free space, and that no other program holds it locked. If the file is damaged, move it away together "
            "with its -wal and -shm files; a new one is made."
        )

    def __str__(self) -> str:
        return str(self.path)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (application or version or tables):
            raise InboxError(self, "it is another program's SQLite database")
        if version > SCHEMA_VERSION:
            raise InboxError(self, "a newer og_assets has made it; install that release")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise InboxError(self, "its file system does not allow several processes (SQLite's WAL mode)")
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


class SqliteStore:
    """The open file; `Store` says what it does."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._path = path
        self._file = _file_of(path)

    def is_there(self) -> bool:
        """Whether the path still leads to the open file."""
        return self._path.exists() and _file_of(self._path) == self._file

    def store_all(self, events: Sequence[InboxEvent]) -> list[bool]:
        """All events in one commit."""
        rows = [(event.id, event.type, event.created, _text(event.received_at), event.body) for event in events]
        with self._transaction():
            return [self.connection.execute(INSERT, row).rowcount == 1 for row in rows]

    def probe(self) -> None:
        """A commit of a time stamp."""
        with self._transaction():
            # The stamp alone would still fit into a file that has no room for another event.
            self.connection.execute("SAVEPOINT room")
            self.connection.execute(PROBE)
            self.connection.execute("ROLLBACK TO room")
            self.connection.execute("UPDATE inbox SET checked_at = ?", (_text(datetime.now(UTC)),))

    def after(self, position: int, limit: int) -> list[tuple[int, InboxEvent]]:
        """Events behind a position."""
        return [
            (place, InboxEvent(event_id, kind, created, datetime.fromisoformat(received_at), body))
            for place, event_id, kind, created, received_at, body in self.connection.execute(AFTER, (position, limit))
        ]

    def highest(self) -> int:
        """The position of the newest event."""
        (highest,) = self.connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        return int(highest)

    def identity(self) -> str:
        """The name for life."""
        (identity,) = self.connection.execute("SELECT identity FROM inbox").fetchone()
        return str(identity)

    def trim_some(self, upto: int, received_before: datetime) -> int:
        """Delete a piece."""
        with self._transaction():
            return self.connection.execute(TRIM, (upto, _text(received_before))).rowcount

    def rewrite(self, bodies: Sequence[tuple[int, bytes]]) -> None:
        """Other bodies; the log, which has the old ones, is emptied."""
        with self._transaction():
            self.connection.executemany(
                "UPDATE events SET body = ? WHERE position = ?", [(new, at) for at, new in bodies]
            )
        with closing(self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as checkpoint:
            checkpoint.fetchall()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        yield
        self.connection.execute("COMMIT")
        # A file that was deleted or replaced takes commits as before, and nobody will ever read them.
        if _file_of(self._path) != self._file:
            raise OSError("the file was replaced while it was open")


def _file_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _text(instant: datetime) -> str:
    """An instant as text of fixed width, so that texts sort as instants do."""
    return in_utc(instant).isoformat(timespec="microseconds")

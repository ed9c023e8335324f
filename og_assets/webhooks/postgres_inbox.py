"""The inbox in PostgreSQL, which receivers on any host share: two tables in a schema, beside the catalog of a lake.

Whoever writes holds the row of `webhook_inbox` until the commit, so that positions are given in the order of commits.
"""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.store import InboxEvent, NoInboxYet, in_utc

if TYPE_CHECKING:
    from psycopg2 import extensions

SCHEMA_VERSION = 1
SECONDS_FOR_AN_ANSWER = 3
"""What a server may take to be reached, and the network to deliver; Ordergroove waits five seconds in all."""
SECONDS_FOR_A_REWRITE = 60.0

# Ids and types are bytes, since text has no zero byte there. Ids are compared by digest, since they have any length.
SCHEMA = """
CREATE TABLE webhook_inbox (identity text NOT NULL, version integer NOT NULL, position bigint NOT NULL,
    checked_at timestamptz);
CREATE TABLE webhook_events (
    position bigint PRIMARY KEY,
    event_id bytea NOT NULL,
    type bytea,
    created bigint,
    received_at timestamptz NOT NULL,
    body bytea NOT NULL
);
CREATE UNIQUE INDEX webhook_events_id ON webhook_events (sha256(event_id));
INSERT INTO webhook_inbox VALUES (%s, %s, 0)
"""
TURN = "SELECT position FROM webhook_inbox FOR UPDATE"
KNOWN = "SELECT sha256(event_id) FROM webhook_events WHERE sha256(event_id) = ANY(%s)"
INSERT = "INSERT INTO webhook_events VALUES %s"
AFTER = """
SELECT position, event_id, type, created, received_at, body FROM webhook_events WHERE position > %s
ORDER BY position LIMIT %s
"""
TRIM = """
DELETE FROM webhook_events WHERE position IN (
    SELECT position FROM webhook_events WHERE position <= %s AND received_at < %s ORDER BY position LIMIT 2000
)
"""


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A schema of a database; `words` are libpq's, without a password. The schema is made if it is missing."""

    words: str
    schema: str

    def open(self, busy_timeout: float, *, make: bool) -> "PostgresStore":
        """Connect; tables that are not there are made, or without `make` NoInboxYet raised."""
        import psycopg2

        connection = psycopg2.connect(
            self.words,
            application_name="og_assets webhook inbox",
            connect_timeout=SECONDS_FOR_AN_ANSWER,
            tcp_user_timeout=SECONDS_FOR_AN_ANSWER * 1000,
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                self._prepare(cursor, busy_timeout, make=make)
        except BaseException:
            connection.close()
            raise
        return PostgresStore(connection, busy_timeout)

    def failures(self) -> tuple[type[Exception], ...]:
        """What the server raises, and an installation that cannot ask it."""
        try:
            import psycopg2
        except ImportError:
            return (ImportError,)
        return (psycopg2.Error, OSError)

    def problem(self, error: Exception) -> str:
        """What went wrong, in one line; what PostgreSQL adds to it may quote values."""
        if isinstance(error, ImportError):
            return "og_assets was installed without what a lake needs; run `pip install og-assets[lake]`"
        return (str(error).strip() or type(error).__name__).splitlines()[0]

    @property
    def advice(self) -> str:
        """What to look at when it cannot be used."""
        return (
            "Check that PostgreSQL answers there, that PGPASSFILE names a file with the user's password, and that the "
            "user may create tables in the schema."
        )

    def __str__(self) -> str:
        return f"in PostgreSQL ({self.words} schema={self.schema})"

    def _prepare(self, cursor: "extensions.cursor", busy_timeout: float, *, make: bool) -> None:
        for name, value in (
            ("lock_timeout", f"{int(busy_timeout * 1000)}ms"),
            ("search_path", self.schema),
            ("timezone", "UTC"),
        ):
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        # A server may be set to report commits that are not on its disk yet.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        if not self._is_made(cursor):
            if not make:
                raise NoInboxYet
            self._make(cursor)
        cursor.execute("SELECT version FROM webhook_inbox")
        if _value(cursor) > SCHEMA_VERSION:
            raise InboxError(self, "a newer og_assets has made it; install that release")

    def _is_made(self, cursor: "extensions.cursor") -> bool:
        cursor.execute("SELECT to_regclass('webhook_inbox') IS NOT NULL")
        return bool(_value(cursor))

    def _make(self, cursor: "extensions.cursor") -> None:
        turn = (f"og_assets/{self.schema}/inbox",)
        # Before the transaction: one that began while another made the tables would not look for them again.
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", turn)
        with _transaction(cursor):
            if not self._is_made(cursor):
                cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", (self.schema,))
                if not _value(cursor):  # who may not make schemas is given one
                    cursor.execute(f"CREATE SCHEMA {self.schema}")
                cursor.execute(SCHEMA, (uuid.uuid4().hex, SCHEMA_VERSION))
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", turn)


class PostgresStore:
    """A session with the tables; `Store` says what it does."""

    def __init__(self, connection: "extensions.connection", busy_timeout: float) -> None:
        self.connection = connection
        self._busy_timeout = busy_timeout

    def is_there(self) -> bool:
        """A table that was dropped is told when it is used."""
        return True

    def store_all(self, events: Sequence[InboxEvent]) -> list[bool]:
        """All events in one commit."""
        from psycopg2.extras import execute_values

        digests = [hashlib.sha256(event.id.encode()).digest() for event in events]
        with self._turn() as (cursor, position):
            cursor.execute(KNOWN, (digests,))
            known = {bytes(digest) for (digest,) in cursor.fetchall()}
            new = [digest not in known and digest not in digests[:at] for at, digest in enumerate(digests)]
            fresh = [event for event, is_new in zip(events, new, strict=True) if is_new]
            if fresh:
                rows = [_row(position + number, event) for number, event in enumerate(fresh, start=1)]
                execute_values(cursor, INSERT, rows, page_size=len(rows))
                cursor.execute("UPDATE webhook_inbox SET position = %s", (position + len(fresh),))
        return new

    def probe(self) -> None:
        """A commit of a time stamp."""
        with self._turn() as (cursor, _):
            cursor.execute("UPDATE webhook_inbox SET checked_at = now()")

    def after(self, position: int, limit: int) -> list[tuple[int, InboxEvent]]:
        """Events behind a position."""
        with self.connection.cursor() as cursor:
            cursor.execute(AFTER, (position, limit))
            return [(int(row[0]), _event(row)) for row in cursor.fetchall()]

    def highest(self) -> int:
        """The position of the newest event."""
        return int(self._ask("SELECT coalesce(max(position), 0) FROM webhook_events"))

    def identity(self) -> str:
        """The name for life."""
        return str(self._ask("SELECT identity FROM webhook_inbox"))

    def trim_some(self, upto: int, received_before: datetime) -> int:
        """Delete a piece."""
        with self.connection.cursor() as cursor:
            cursor.execute(TRIM, (upto, in_utc(received_before)))
            return cursor.rowcount

    def rewrite(self, bodies: Sequence[tuple[int, bytes]]) -> None:
        """Other bodies; the table is written anew, since an old row stays in its file until then."""
        from psycopg2.extras import execute_values

        with self.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(SECONDS_FOR_A_REWRITE * 1000)}ms",))
            execute_values(
                cursor,
                "UPDATE webhook_events SET body = new.body FROM (VALUES %s) AS new (position, body)"
                " WHERE webhook_events.position = new.position",
                bodies,
                page_size=len(bodies),
            )
            cursor.execute("VACUUM (FULL) webhook_events")
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(self._busy_timeout * 1000)}ms",))

    def close(self) -> None:
        """End the session."""
        self.connection.close()

    def _ask(self, sql: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return _value(cursor)

    @contextmanager
    def _turn(self) -> Iterator[tuple["extensions.cursor", int]]:
        """A transaction of the one who writes, and the highest position that was ever given."""
        with self.connection.cursor() as cursor, _transaction(cursor):
            cursor.execute(TURN)
            yield cursor, int(_value(cursor))


@contextmanager
def _transaction(cursor: "extensions.cursor") -> Iterator[None]:
    """What is not committed at the end is rolled back when the session is closed, as it is after a failure."""
    cursor.execute("BEGIN")
    yield
    cursor.execute("COMMIT")


def _value(cursor: "extensions.cursor") -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


def _row(position: int, event: InboxEvent) -> tuple[Any, ...]:
    kind = None if event.type is None else event.type.encode()
    return position, event.id.encode(), kind, event.created, in_utc(event.received_at), event.body


def _event(row: tuple[Any, ...]) -> InboxEvent:
    _, event_id, kind, created, received_at, body = row
    kind = None if kind is None else bytes(kind).decode()
    return InboxEvent(bytes(event_id).decode(), kind, created, in_utc(received_at), bytes(body))

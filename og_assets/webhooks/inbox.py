"""The inbox: keeps events from the moment they are acknowledged. Knows no HTTP and no DuckDB.

It is a SQLite file, or for a lake two tables in PostgreSQL. A commit is on the disk before it is reported. Several
processes may write and read one inbox, with PostgreSQL on several hosts. Positions only grow, in the order of commits
and also over trims, so that a reader who asks for what is after the last position it saw misses nothing.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from og_assets.warehouse.place import Lake
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.postgres_inbox import PostgresPlace
from og_assets.webhooks.sqlite_inbox import SqlitePlace
from og_assets.webhooks.store import InboxEvent, NoInboxYet, Store

__all__ = ["Inbox", "InboxEvent"]

BUSY_TIMEOUT = 2.0
"""Seconds to wait for another process that writes; well under the five after which Ordergroove gives up."""


class Inbox:
    """The inbox in a SQLite file or in the database of a lake, made when something is first stored. Thread-safe.

    It is opened on first use and anew after each failure, so that it works again once disk or server do.
    Every method raises InboxError when the inbox cannot be used.
    """

    def __init__(self, where: Path | Lake | SqlitePlace | PostgresPlace, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.place = _place_of(where)
        self._busy_timeout = busy_timeout
        self._lock = threading.Lock()
        self._store: Store | None = None

    def open(self) -> None:
        """Open or make the inbox now, to learn of a problem early."""
        with self._using():
            pass

    def close(self) -> None:
        """Close the inbox; harmless when it is not open, and a later use opens it again."""
        with self._lock:
            self._drop()

    def store(self, event: InboxEvent) -> bool:
        """Store one event durably; False when its id was there already, which changes nothing."""
        return self.store_all([event])[0]

    def store_all(self, events: Sequence[InboxEvent]) -> list[bool]:
        """Store events in one commit: all or, with InboxError, none. Per event, False means a known id."""
        with self._using() as store:
            return store.store_all(events)

    def probe(self) -> None:
        """Find out whether an event could be stored, by a commit of a time stamp; no event is written."""
        with self._using() as store:
            store.probe()

    def after(self, position: int, limit: int = 1000) -> list[tuple[int, InboxEvent]]:
        """Up to `limit` events behind a position (0: from the start) with their positions, in order of arrival."""
        with suppress(NoInboxYet), self._using(make=False) as store:
            return store.after(position, limit)
        return []

    def highest(self) -> int:
        """The position of the newest event, 0 when there is none or no inbox yet. Rises whenever an event is stored."""
        with suppress(NoInboxYet), self._using(make=False) as store:
            return store.highest()
        return 0

    def identity(self) -> str | None:
        """A name that this inbox keeps for life, None when there is no inbox yet.

        Positions of two inboxes have nothing to do with each other: a position that is kept elsewhere
        is kept with the identity, and when the inbox was replaced, reading starts from 0.
        """
        with suppress(NoInboxYet), self._using(make=False) as store:
            return store.identity()
        return None

    def trim(self, upto: int, received_before: datetime) -> int:
        """Delete events up to a position that were received before an instant (aware); returns how many.

        An event that is sent again after it was trimmed is stored again. Ordergroove retries for up to
        three days (guide: configure-webhooks-via-api), so keep at least as many.
        """
        trimmed = 0
        while deleted := self._trim_some(upto, received_before):
            trimmed += deleted
        return trimmed

    def rewrite(self, bodies: Sequence[tuple[int, bytes]]) -> None:
        """Put other bodies in the place of those at these positions; nothing of the old ones stays in the files."""
        if bodies:
            with self._using() as store:
                store.rewrite(bodies)

    def _trim_some(self, upto: int, received_before: datetime) -> int:
        """In pieces, so that no receiver waits long."""
        with suppress(NoInboxYet), self._using(make=False) as store:
            return store.trim_some(upto, received_before)
        return 0

    @contextmanager
    def _using(self, *, make: bool = True) -> Iterator[Store]:
        """The open inbox, alone; any failure closes it, which also rolls back. Without `make` raises NoInboxYet."""
        with self._lock:
            try:
                if not make and self._store and not self._store.is_there():
                    self._drop()
                if self._store is None:
                    self._store = self.place.open(self._busy_timeout, make=make)
                yield self._store
            except NoInboxYet:
                raise
            except self.place.failures() as error:
                self._drop()
                raise InboxError(self.place, self.place.problem(error)) from error
            except BaseException:
                self._drop()
                raise

    def _drop(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with suppress(*self.place.failures()):
                store.close()


def _place_of(where: Path | Lake | SqlitePlace | PostgresPlace) -> SqlitePlace | PostgresPlace:
    """Beside the tables of a lake's catalog its schema has room for two of ours."""
    if isinstance(where, Path):
        return SqlitePlace(where.absolute())
    return PostgresPlace(where.catalog, where.schema) if isinstance(where, Lake) else where

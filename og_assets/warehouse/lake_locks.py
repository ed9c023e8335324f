"""How the hosts of a lake take turns: advisory locks and a queue of starts in the PostgreSQL of its catalog.

Each turn is a session of its own, so a lock is free as soon as its process ends, however it does. That the lock of a
session is lost in the middle of a turn does no harm: of two loads at once the second commit is refused (sync_log.py).
"""

import logging
import os
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from og_assets.locking import LONGEST_QUEUE, SECONDS_BETWEEN_LOOKS, Starts
from og_assets.warehouse.errors import CatalogUnreachable, LakeBusy, LakeUnsupported
from og_assets.warehouse.place import Lake
from og_assets.warehouse.sql import read_sql

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Session  # noqa: N812 - a class, whatever its name

log = logging.getLogger("og_assets")

SECONDS_BEFORE_LOGGING = 3.0
"""A wait for a turn that is shorter is the usual one, of steps that load one after the other."""

_KEY = "hashtextextended(%s, 0)"
_ALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""A host that has vanished holds a lock for a minute at most."""


@contextmanager
def session(lake: Lake) -> Iterator["Session"]:
    """A session of the catalog's database, each statement a transaction. Raises CatalogUnreachable, LakeUnsupported."""
    try:
        import psycopg2
    except ImportError:
        raise LakeUnsupported("there is no package psycopg2") from None

    name = f"og_assets {os.getpid()} on {socket.gethostname()}"
    opened: Session | None = None
    try:
        opened = psycopg2.connect(f"connect_timeout=30 {lake.catalog}", application_name=name, options=_ALIVE)
        opened.autocommit = True
        yield opened
    except psycopg2.OperationalError as error:
        raise CatalogUnreachable(lake, str(error).strip().splitlines()[0]) from error
    finally:
        if opened:
            with suppress(psycopg2.Error):
                opened.close()


def ask(session: "Session", sql: str, values: Sequence[Any] = ()) -> Any:
    """The first value of a statement's first row."""
    with session.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def hold(lake: Lake, name: str, timeout_seconds: float) -> Iterator[None]:
    """Hold a lock of this lake for the time of the block; raises LakeBusy after the time-out."""
    key = f"og_assets/{lake.schema}/{name}"
    with session(lake) as turn:
        quietly = min(SECONDS_BEFORE_LOGGING, timeout_seconds)
        if not _wait(turn, key, quietly):
            holder = _holder(turn, key) or "another process"
            if timeout_seconds > quietly:
                log.info(
                    "waits for the turn to %s in the lake %s, which %s has",
                    name,
                    lake.name,
                    holder or "another process",
                )
            if timeout_seconds <= quietly or not _wait(turn, key, timeout_seconds - quietly):
                raise LakeBusy(lake, name, timeout_seconds, _holder(turn, key))
        yield


def _wait(session: "Session", key: str, seconds: float) -> bool:
    """Whether the lock was got in that time. Those who wait get it in the order in which they came."""
    import psycopg2.errors

    with session.cursor() as cursor:
        if seconds <= 0:
            return bool(ask(session, f"SELECT pg_try_advisory_lock({_KEY})", [key]))
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{max(1, int(seconds * 1000))}ms"])
        try:
            cursor.execute(f"SELECT pg_advisory_lock({_KEY})", [key])
        except psycopg2.errors.LockNotAvailable:
            return False
    return True


def _holder(session: "Session", key: str) -> str | None:
    """The process that has the lock, as it called itself."""
    name = ask(session, read_sql("holder_of_lock.sql"), [key])
    return str(name).replace("og_assets ", "process ", 1) if name else None


@dataclass(frozen=True, slots=True)
class CatalogLocks:
    """Locks and queues of all merchants whose lakes are in one database, as readers of Ordergroove take them."""

    lake: Lake

    @contextmanager
    def either(self, names: Sequence[str], on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold whichever of the locks comes free first, for the time of the block."""
        told = False
        with session(self.lake) as turn:
            while not any(ask(turn, f"SELECT pg_try_advisory_lock({_KEY})", [f"og_assets//{name}"]) for name in names):
                if not told:
                    on_wait()
                    told = True
                time.sleep(SECONDS_BETWEEN_LOOKS * random.uniform(0.5, 1.5))
            yield

    @contextmanager
    def starts(self, name: str) -> Iterator[Starts]:
        """The queue of that name, on the clock of the database."""
        with session(self.lake) as queue:
            with queue.cursor() as cursor:
                cursor.execute(read_sql("make_pace.sql"))
            yield _CatalogStarts(self.lake, queue, name)


@dataclass(frozen=True, slots=True)
class _CatalogStarts:
    lake: Lake
    session: "Session"
    name: str

    def reserve(self, interval: float) -> float:
        """Take the next free start; how many seconds from now it is. Raises CatalogUnreachable."""
        import psycopg2

        try:
            told = {"name": self.name, "interval": interval, "longest": LONGEST_QUEUE}
            with self.session.cursor() as cursor:
                cursor.execute(read_sql("reserve_start.sql"), told)
                return float(cursor.fetchall()[0][0])
        except psycopg2.Error as error:
            raise CatalogUnreachable(self.lake, str(error).strip().splitlines()[0]) from error

"""Who may read now: one reader per object and five in all, over all runs and processes that share the locks.

Dagster's pools say the same, but only where the instance is configured so, and not "five in all" over runs that a
person starts on the command line. A lock of a process that died is free at once.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from og_assets.locking import Locks, Starts

READERS = 5
"""How many objects are read at the same time, at most (API reference: pagination)."""

_log = logging.getLogger("og_assets")


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of all that read one `host` and share these locks."""

    locks: Locks
    host: str

    def pace(self) -> AbstractContextManager[Starts]:
        """Where the readers of the host take the start of each request."""
        return self.locks.starts(self._host)

    @contextmanager
    def reader(self, lock: str, object_name: str) -> Iterator[None]:
        """Be the only reader of an object, and one of at most READERS, for the time of the block.

        `lock` is the object's among all that the locks serve. Waits without bound, as Dagster's pools do, and says
        so in the log when it has to.
        """
        slots = [f"{self._host}.reader_{number}" for number in range(1, READERS + 1)]
        with (
            self.locks.either([lock], partial(_say, object_name, "another run reads it")),
            self.locks.either(slots, partial(_say, object_name, f"{READERS} objects are being read")),
        ):
            yield

    @property
    def _host(self) -> str:
        return re.sub(r"[^A-Za-z0-9.-]", "_", self.host)


def _say(object_name: str, reason: str) -> None:
    _log.info("%s: waiting, because %s", object_name, reason)

"""Who may read now: one reader per object and five in all, over all runs and processes of this machine.

Dagster's pools say the same, but only where the instance is configured so, and not "five in all" over runs that a
person starts on the command line. A lock of a process that died is free at once.
"""

import logging
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from og_assets.locking import ProcessLock

READERS = 5
"""How many objects are read at the same time, at most (API reference: pagination)."""
SECONDS_BETWEEN_LOOKS = 0.2

_log = logging.getLogger("og_assets")


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of all that read one `host`; `folder` holds the lock files, the same for all readers of a machine."""

    folder: Path
    host: str

    @property
    def pace_file(self) -> Path:
        """Where the readers of the host keep the instant of their next request."""
        return self.folder / f"{self._host}.pace"

    @contextmanager
    def reader(self, lock: str, object_name: str) -> Iterator[None]:
        """Be the only reader of an object, and one of at most READERS, for the time of the block.

        `lock` is the object's among all that the folder serves. Waits without bound, as Dagster's pools do, and says
        so in the log when it has to. Raises OSError when the folder cannot be made or written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _either_lock([self.folder / f"{lock}.lock"], object_name, "another run reads it"):
            slots = [self.folder / f"{self._host}.reader_{number}.lock" for number in range(1, READERS + 1)]
            with _either_lock(slots, object_name, f"{READERS} objects are being read"):
                yield

    @property
    def _host(self) -> str:
        return re.sub(r"[^A-Za-z0-9.-]", "_", self.host)


@contextmanager
def _either_lock(paths: list[Path], object_name: str, reason: str) -> Iterator[None]:
    """Hold whichever of the locks comes free first."""
    told = False
    while True:
        for path in paths:
            lock = ProcessLock(path, timeout=0, thread_local=False)
            try:
                lock.acquire()
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        if not told:
            _log.info("%s: waiting, because %s", object_name, reason)
            told = True
        time.sleep(SECONDS_BETWEEN_LOOKS * random.uniform(0.5, 1.5))

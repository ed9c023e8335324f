"""How processes take turns: locks on files of one folder. Knows neither the warehouse nor Ordergroove."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from filelock import AcquireReturnProxy, FileLock, Timeout

SECONDS_BETWEEN_LOOKS = 0.2
LONGEST_QUEUE = 60.0
"""Seconds; what stands for longer in a queue of starts was left by a clock that has started anew."""


class Starts(Protocol):
    """A queue of starts that keep a distance."""

    def reserve(self, interval: float) -> float:
        """Take the next free start, and keep `interval` seconds after it free; how many seconds from now it is."""


class Locks(Protocol):
    """The locks and queues, each with a name, of all processes that share something."""

    def either(self, names: Sequence[str], on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Hold whichever of the locks comes free first, for the time of the block; `on_wait` is told once of waiting.

        Waits without bound. The locks of a process that died are free.
        """

    def starts(self, name: str) -> AbstractContextManager[Starts]:
        """The queue of that name, for the time of the block."""


class ProcessLock(FileLock):
    """FileLock that raises OSError, with the reason, where its file cannot be made.

    FileLock by itself takes some such folders, `/proc` for one, for a lock that another process holds, and waits.
    """

    def acquire(self, *arguments: Any, **options: Any) -> AcquireReturnProxy[Self]:
        """Take the lock, as FileLock does; raises Timeout when another holds it for too long."""
        if not os.path.lexists(self.lock_file):
            os.close(os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o644))
        return super().acquire(*arguments, **options)


@dataclass(frozen=True, slots=True)
class FileLocks:
    """Locks of the processes of one machine: files in a folder, which is made. Raises OSError where it cannot be."""

    folder: Path

    @contextmanager
    def either(self, names: Sequence[str], on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold whichever of the locks comes free first, for the time of the block."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _first_free(
            [ProcessLock(self.folder / f"{name}.lock", timeout=0, thread_local=False) for name in names], on_wait
        ):
            yield

    @contextmanager
    def starts(self, name: str) -> Iterator[Starts]:
        """The queue of that name; its file is made with the first start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        yield FileStarts(self.folder / f"{name}.pace")


@contextmanager
def _first_free(locks: Sequence[ProcessLock], on_wait: Callable[[], None]) -> Iterator[None]:
    told = False
    while True:
        for lock in locks:
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
            on_wait()
            told = True
        time.sleep(SECONDS_BETWEEN_LOOKS * random.uniform(0.5, 1.5))


class OwnStarts:
    """A queue of one reader. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_start = 0.0

    def reserve(self, interval: float) -> float:
        """Take the next free start; how many seconds from now it is."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next_start)
            self._next_start = start + interval
            return start - now


class FileStarts:
    """A queue that processes of one machine share: a file with the instant of the next start. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(f"{file}.lock")

    def reserve(self, interval: float) -> float:
        """Take the next free start; how many seconds from now it is."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._read(now))
            self._file.write_bytes(repr(start + interval).encode())
            return start - now

    def _read(self, now: float) -> float:
        try:
            next_start = float(self._file.read_bytes())
        except (OSError, ValueError):
            return 0.0
        # The clock starts anew with the machine: what it said before is nobody's reservation.
        return next_start if next_start < now + LONGEST_QUEUE else 0.0

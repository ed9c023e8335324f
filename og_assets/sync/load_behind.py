"""Load one batch while the next one is being read. Knows threads, nothing of batches."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from types import TracebackType
from typing import Self


class LoadBehind:
    """One load at a time, in a thread of its own; a context manager, which waits for the last one.

    What a load raises is raised by the next call of any method, or by the end of the block. When the block is stopped
    (Ctrl-C, a run that is terminated), nobody waits: a load may stand in a queue for minutes. Once it has its turn, it
    looks at `is_over`, and leaves all as it is.
    """

    def __init__(self) -> None:
        self._load: Future[None] | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.finish()
            elif self._load and isinstance(error, Exception):
                wait([self._load])
        finally:
            self.is_over = True

    def start(self, load: Callable[[], None]) -> None:
        """Start a load once the one before is done."""
        self.finish()
        self._load = Future()
        # A thread of the standard library's pool would keep the process from ending.
        Thread(target=_run, args=(load, self._load), name="load-behind", daemon=True).start()

    def check(self) -> None:
        """Raise what the load has raised, if it is done."""
        if self._load and self._load.done():
            self.finish()

    def finish(self) -> None:
        """Wait for the load."""
        load, self._load = self._load, None
        if load:
            load.result()


def _run(load: Callable[[], None], future: "Future[None]") -> None:
    try:
        load()
    except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that reads
        future.set_exception(error)
    else:
        future.set_result(None)

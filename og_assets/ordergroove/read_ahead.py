"""Fetch the next page while the last one is being worked on. Knows threads and a queue, nothing of pages."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: how the source ended."""

    error: BaseException | None = None


def read_ahead(
    pages: Iterator[Item], depth: int = 4, *, when_sent: Callable[[Callable[[], None]], None] | None = None
) -> Generator[Item, None, None]:
    """The same pages in the same order, with up to `depth` of them fetched in advance by a thread of their own.

    The thread starts with the first page that is asked for. What `pages` raises is raised here,
    after the pages before it. When this iterator is closed early, by `close()`, an exception or
    Ctrl-C in the consumer, the thread ends after the page it is waiting for; closing the client
    cuts that wait short. The thread is never left blocked on a full queue and never keeps the
    process alive.

    `when_sent` takes a function to call, in the thread, whenever a request is on its way. A page is then held back
    until the request for the next one is: the two threads share one interpreter, and work on a page would delay it.
    """
    reader = _Reader(pages, depth, when_sent)
    thread = threading.Thread(target=reader.run, name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := reader.fetched.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        reader.unwanted.set()
        _drain(reader.fetched)  # makes room for the one page that the thread may be about to put


class _Reader(Generic[Item]):
    """What the thread does."""

    def __init__(
        self, pages: Iterator[Item], depth: int, when_sent: Callable[[Callable[[], None]], None] | None
    ) -> None:
        self.fetched: queue.Queue[Item | _End] = queue.Queue(maxsize=depth)
        self.unwanted = threading.Event()
        self._pages = pages
        self._held: list[Item] = []
        self._holds_back = when_sent is not None
        if when_sent:
            when_sent(self._hand_over)

    def run(self) -> None:
        end = _End()
        try:
            self._read()
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread of the consumer
            end = _End(error)
        finally:
            close = getattr(self._pages, "close", None)
            if close is not None:
                close()
        if not self.unwanted.is_set():
            self._hand_over()
            self.fetched.put(end)

    def _read(self) -> None:
        for page in self._pages:
            self._hand_over()
            self._held.append(page)
            if not self._holds_back:
                self._hand_over()
            if self.unwanted.is_set():
                break

    def _hand_over(self) -> None:
        while self._held:
            self.fetched.put(self._held.pop())


def _drain(fetched: "queue.Queue[Item | _End]") -> None:
    try:
        while True:
            fetched.get_nowait()
    except queue.Empty:
        return

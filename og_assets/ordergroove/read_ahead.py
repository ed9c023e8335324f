"""Fetch the next page while the last one is being worked on. Knows threads and a queue, nothing of pages."""

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: how the source ended."""

    error: BaseException | None = None


def read_ahead(pages: Iterator[Item], depth: int = 4) -> Generator[Item, None, None]:
    """The same pages in the same order, with up to `depth` of them fetched in advance by a thread of their own.

    The thread starts with the first page that is asked for. What `pages` raises is raised here,
    after the pages before it. When this iterator is closed early, by `close()`, an exception or
    Ctrl-C in the consumer, the thread ends after the page it is waiting for; closing the client
    cuts that wait short. The thread is never left blocked on a full queue and never keeps the
    process alive.
    """
    fetched: queue.Queue[Item | _End] = queue.Queue(maxsize=depth)
    unwanted = threading.Event()
    thread = threading.Thread(target=_fetch, args=(pages, fetched, unwanted), name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := fetched.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        _drain(fetched)  # makes room for the one page that the thread may be about to put


def _fetch(pages: Iterator[Item], fetched: "queue.Queue[Item | _End]", unwanted: threading.Event) -> None:
    end = _End()
    try:
        for page in pages:
            fetched.put(page)
            if unwanted.is_set():
                break
    except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread of the consumer
        end = _End(error)
    finally:
        close = getattr(pages, "close", None)
        if close is not None:
            close()
    if not unwanted.is_set():
        fetched.put(end)


def _drain(fetched: "queue.Queue[Item | _End]") -> None:
    try:
        while True:
            fetched.get_nowait()
    except queue.Empty:
        return

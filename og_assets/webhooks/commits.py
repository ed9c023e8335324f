"""Many requests, one commit: a thread that stores what has come in while the last commit was on its way to the disk."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from og_assets.webhooks.inbox import Inbox, InboxEvent

LARGEST_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Job:
    """An event to store, or None to only find out whether one could be; `done` tells whoever waits for it."""

    event: InboxEvent | None
    done: asyncio.Future[bool]


class GroupCommit:
    """Stores events of one event loop in an inbox, off the loop, as many in one commit as are waiting.

    Nothing is held back to fill a commit: alone, an event is committed at once.
    """

    def __init__(self, inbox: Inbox, *, largest_batch: int = LARGEST_BATCH) -> None:
        self._inbox = inbox
        self._largest_batch = largest_batch
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="webhook-inbox", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def stop(self) -> None:
        """Store what is waiting, then end the thread and close the inbox."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._inbox.close()

    async def store(self, event: InboxEvent) -> bool:
        """Return once the event is on the disk: True when it is new, False when its id was known. Raises InboxError."""
        return await self._do(event)

    async def check(self) -> None:
        """Return when an event could be stored now. Raises InboxError."""
        await self._do(None)

    async def _do(self, event: InboxEvent | None) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(event, done))
        return await done

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch = [job]
            with suppress(Empty):
                while len(batch) < self._largest_batch:
                    if (job := self._jobs.get_nowait()) is None:
                        self._jobs.put(None)
                        break
                    batch.append(job)
            self._commit(batch)

    def _commit(self, batch: Sequence[_Job]) -> None:
        outcome: list[bool] | Exception
        try:
            outcome = self._store(batch)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is; the thread goes on
            outcome = error
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            batch[0].done.get_loop().call_soon_threadsafe(_tell, batch, outcome)

    def _store(self, batch: Sequence[_Job]) -> list[bool]:
        events = [job.event for job in batch if job.event is not None]
        if not events:
            self._inbox.probe()
            return [True] * len(batch)
        stored = iter(self._inbox.store_all(events))
        return [job.event is None or next(stored) for job in batch]


def _tell(batch: Sequence[_Job], outcome: list[bool] | Exception) -> None:
    for number, job in enumerate(batch):
        if job.done.done():
            continue
        if isinstance(outcome, Exception):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome[number])

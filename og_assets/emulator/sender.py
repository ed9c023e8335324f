"""Sends a world's events as Ordergroove does: signed, retried, late, twice, in any order, or never.

It goes by the world's clock. What is promised about retries differs between Ordergroove's documents,
so the promise is a parameter (reference: configuring-your-server-to-receive-webhooks, webhooks-overview;
guide: configure-webhooks-via-api).
"""

import heapq
import json
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import Protocol
from urllib.parse import urlsplit

from og_assets.emulator.shop.state import Event
from og_assets.ordergroove.signature import SIGNATURE_HEADER, signature_header

WEBHOOK_KEY = "emulator-webhook-key"
"""The verification key that a sender signs with unless it is given another."""

FIVE_TRIES = (60, 180, 600, 600)
"""Seconds before each further try, in the document that promises least."""

TEN_HOURS = (*range(60, 600, 60), *[600] * 50)
"""Sixty tries within nine to ten hours."""

THREE_DAYS = tuple(60 * 2**number for number in range(12))
"""The wait doubles from one minute, for three days."""

TIMEOUT = 5.0
"""Seconds after which a try without an answer has failed."""

ROTATION_SECONDS = 86400
"""How long the former key signs as well after a new one was made."""


class Journal(Protocol):
    """What a sender reads of a world: its events, which only become more, and its clock in epoch seconds."""

    @property
    def events(self) -> Sequence[Event]:
        """All events so far, oldest first."""

    @property
    def epoch(self) -> int:
        """The time it is."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How badly events travel; shares are between 0 and 1, dice are cast per event.

    `lost` are never sent, `duplicated` are sent twice, `delayed` are sent up to `longest_delay` later.
    With `shuffled`, what is due at a time is sent in any order. The same `seed` does it to the same events.
    """

    lost: float = 0.0
    duplicated: float = 0.0
    delayed: float = 0.0
    longest_delay: timedelta = timedelta(hours=6)
    shuffled: bool = False
    seed: int = 0


@dataclass(slots=True)
class Report:
    """What became of the events so far.

    `acknowledged` counts the 2xx answers by event id; `lost` were never sent; `failed` were given up
    after the last try. `answers` counts tries by what came back: a status, or "none". `seconds` is how
    long each 2xx answer took.
    """

    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@dataclass(order=True, slots=True)
class _Letter:
    """One event on its way; letters sort by when they are due."""

    due: float
    number: int
    event_id: str = field(compare=False)
    body: bytes = field(compare=False)
    tries: int = field(default=0, compare=False)


class WebhookSender:
    """Posts the events of a journal to a URL; `report` tells what became of them.

    `retries` are the seconds between tries, `connections` how many requests are under way at a time.
    `on_try` is called after each try, by the thread that made it, with event id and status (None
    without an answer).
    """

    def __init__(
        self,
        journal: Journal,
        url: str,
        key: str = WEBHOOK_KEY,
        *,
        delivery: Delivery | None = None,
        retries: Sequence[float] = FIVE_TRIES,
        connections: int = 1,
        on_try: Callable[[str, int | None], None] | None = None,
    ) -> None:
        self.report = Report()
        self._journal = journal
        self._url = urlsplit(url)
        self._keys = [key]
        self._old_key_until = 0.0
        self._delivery = delivery or Delivery()
        self._retries = retries
        self._connections = connections
        self._rng = random.Random(self._delivery.seed)
        self._on_try = on_try
        self._read = 0
        self._numbers = 0
        self._ahead = 0.0
        self._queue: list[_Letter] = []
        self._guard = threading.Lock()

    @property
    def now(self) -> float:
        """The time it is for the sender, in epoch seconds: the world's, or later when it has waited by itself."""
        return self._journal.epoch + self._ahead

    @property
    def pending(self) -> int:
        """How many sendings are still to come, as far as events were taken up."""
        return len(self._queue)

    def rotate(self, new_key: str) -> None:
        """Sign with a new key, and for a day with the former one too; again within it does not make it longer."""
        if self.now >= self._old_key_until:
            self._keys = self._keys[:1]
            self._old_key_until = self.now + ROTATION_SECONDS
        self._keys = [new_key, self._keys[-1]]

    def send_due(self) -> Report:
        """Take up new events and make every try that is due now, once."""
        self._take_up()
        now = self.now
        due: list[_Letter] = []
        while self._queue and self._queue[0].due <= now:
            due.append(heapq.heappop(self._queue))
        if self._delivery.shuffled:
            self._rng.shuffle(due)
        letters = deque(due)
        threads = [
            threading.Thread(target=self._post_all, args=(letters,), name="webhook-sender", daemon=True)
            for _ in range(min(self._connections, len(due)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.report

    def drain(self, wait: Callable[[float], object] | None = None) -> Report:
        """Send until every event was acknowledged, lost or given up.

        Between tries `wait` is called with the seconds until the next is due; it may sleep, sleep less,
        or advance the world. Without it the sender's own clock jumps there.
        """
        self.send_due()
        while self._queue:
            due = self._queue[0].due
            if wait is not None and due > self.now:
                wait(due - self.now)
            self._ahead += max(0.0, due - self.now)
            self.send_due()
        return self.report

    def _take_up(self) -> None:
        events = self._journal.events[self._read :]
        self._read += len(events)
        for event in events:
            if self._rng.random() < self._delivery.lost:
                self.report.lost.add(event.id)
                continue
            body = json.dumps(event.envelope(), separators=(",", ":"), ensure_ascii=False).encode()
            for _ in range(2 if self._rng.random() < self._delivery.duplicated else 1):
                self._put(_Letter(event.at.timestamp() + self._delay(), 0, event.id, body))

    def _delay(self) -> int:
        if self._rng.random() >= self._delivery.delayed:
            return 0
        return self._rng.randint(0, int(self._delivery.longest_delay.total_seconds()))

    def _put(self, letter: _Letter) -> None:
        """Queue a letter behind those that are due at the same time."""
        letter.number = self._numbers
        self._numbers += 1
        heapq.heappush(self._queue, letter)

    def _post_all(self, letters: "deque[_Letter]") -> None:
        connection = self._connect()
        try:
            while True:
                try:
                    letter = letters.popleft()
                except IndexError:
                    return
                started = monotonic()
                status = self._post(connection, letter)
                self._note(letter, status, monotonic() - started)
        finally:
            connection.close()

    def _connect(self) -> HTTPConnection:
        make = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return make(self._url.hostname or "", self._url.port, timeout=TIMEOUT)

    def _post(self, connection: HTTPConnection, letter: _Letter) -> int | None:
        timestamp = int(self.now)
        keys = self._keys if timestamp < self._old_key_until else self._keys[:1]
        headers = {
            SIGNATURE_HEADER: signature_header(letter.body, keys, timestamp),
            "Content-Type": "application/json",
            "User-Agent": "ordergroove-emulator",
        }
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            connection.request("POST", target, letter.body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            connection.close()
            return None
        return response.status

    def _note(self, letter: _Letter, status: int | None, seconds: float) -> None:
        with self._guard:
            self.report.answers[str(status or "none")] += 1
            letter.tries += 1
            if status is not None and 200 <= status < 300:
                self.report.acknowledged[letter.event_id] += 1
                self.report.seconds.append(seconds)
            elif letter.tries > len(self._retries):
                self.report.failed.add(letter.event_id)
            else:
                letter.due = self.now + self._retries[letter.tries - 1]
                self._put(letter)
        if self._on_try is not None:
            self._on_try(letter.event_id, status)

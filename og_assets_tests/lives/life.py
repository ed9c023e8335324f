"""One random life of a shop and its warehouse: what happens, which webhooks come, when it is synced and looked at."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from og_assets_tests.lives.oracle import after_a_sync, between_syncs, missing_marks
from og_assets_tests.lives.shop import Event, Shop
from og_assets_tests.lives.site import Site, a_batch_for_each_page

AUTUMN = datetime(2026, 11, 1, 7, tzinfo=UTC)
"""When the hour from one o'clock is over that New York shows twice."""
STRETCHES = [timedelta(seconds=seconds) for seconds in (0, 1, 4, 30, 700, 7_000, 90_000)]


class Life:
    """A life that begins with a first sync and ends with a last one. `wrong` says what was not as it must be."""

    def __init__(self, site: Site, seed: str) -> None:
        self.dice = random.Random(seed)
        begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.dice.randrange(365 * 86_400))
        if self.dice.random() < 0.1:
            begins = AUTUMN - timedelta(minutes=self.dice.randrange(150))
        stamps = self.dice.choice(("all", "all", "none", "some", "at times"))
        self.shop = site.server.shop = Shop(self.dice, stamps, begins)
        self.site = site
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.base, self.base_at = 0, begins
        self.listed_whole = self.dice.choice(("payments", "one_time_incentives"))
        self._on_the_way: list[tuple[int, Event]] = []
        self._sent = 0
        self._steps = 0
        self.in_inbox: list[Event] = []
        self.ingested: set[str] = set()
        self.lies: list[Event] = []

    def live(self) -> None:
        """From the first sync to the last."""
        self.site.empty()
        for _ in range(self.dice.randint(3, 9)):
            self.shop.act()
        self.sync(is_busy=False)
        steps: list[tuple[int, Callable[[], None]]] = [
            (10, self.days), (5, self.sensor), (2, self.busy_sync), (2, self.clean_sync), (1, self.reconcile),
            (1, self.overlap),
        ]  # fmt: skip
        weights, does = zip(*steps, strict=True)
        for step in self.dice.choices(does, weights, k=self.dice.randint(4, 12)):
            self._steps += 1
            step()
        self.sync(is_busy=False)

    def days(self) -> None:
        """The shop goes on, and some of its webhooks come."""
        for _ in range(self.dice.randint(1, 4)):
            self.shop.let_pass(self.dice.choice(STRETCHES))
            self.shop.act()
        if self.dice.random() < 0.3:
            self._on_the_way.append((self._steps + self.dice.choice((0, 0, 1, 3)), self.shop.lie()))
        self._deliver()

    def sensor(self) -> None:
        """What webhooks told reaches the derived tables, without a sync."""
        self._deliver()
        self._ingest()
        self.site.derive()
        self.done["looks between syncs"] += 1
        self._note(between_syncs(self), "between")

    def reconcile(self) -> None:
        """The job `reconcile_deletions`."""
        self._ingest()
        self.site.sweep()
        self.site.derive()
        self.done["looks between syncs"] += 1
        self._note(between_syncs(self), "reconcile")

    def clean_sync(self) -> None:
        """A sync while nothing happens."""
        self.sync(is_busy=False)

    def busy_sync(self) -> None:
        """A sync in which the shop goes on between any two requests."""
        self.sync(is_busy=True)

    def sync(self, *, is_busy: bool) -> None:
        """The job `sync`, its assets in any order that their graph allows."""
        self.shop.let_pass(self.dice.choice(STRETCHES))
        self.base, self.base_at = self.shop.changes, self.shop.now
        self.lies.clear()
        whole = self.dice.random() < 0.1
        size = self.dice.choice((3, 100))
        # Customers never change here, and one of the objects that are listed whole is like the other.
        names = [*(() if self.done["syncs"] else ("customers",)), "orders", "items", self.listed_whole]
        tasks = [lambda name=name: self.site.pull(name, whole=whole, page_size=size) for name in names]
        tasks.append(self._ingest)
        self.dice.shuffle(tasks)
        with self._busy() if is_busy else _nothing():
            for task in [*tasks, self.site.sweep, self.site.derive]:
                task()
        self.done["syncs"] += 1
        self._note(after_a_sync(self), "busy sync" if is_busy else "sync")
        if not is_busy:
            self.lies.clear()

    def overlap(self) -> None:
        """Two pulls of an object that is listed whole; the later one begins and ends within the earlier one."""
        name = self.listed_whole
        began = self.shop.changes
        at, seen = self.dice.randint(1, 3), 0

        def inside(path: str) -> None:
            nonlocal seen
            seen += 1
            if seen == at:
                self._wait_for_pages(name, at - 1)
                self.site.server.before_answer = self._perhaps_act
                self.site.pull(name, page_size=3)
                self.site.server.before_answer = _quiet

        self.site.server.before_answer = inside
        try:
            with a_batch_for_each_page():
                self.site.pull(name, page_size=2)
        finally:
            self.site.server.before_answer = _quiet
        self.done["overlaps"] += 1
        self._note(missing_marks(self, began), "overlap")

    def _wait_for_pages(self, name: str, pages: int) -> None:
        """Until the earlier pull has loaded what it has read: a run of the same seed is then the same run."""
        deadline = time.monotonic() + 10
        while self.site.pages_loaded(name) < pages:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name}: {pages} pages were not loaded")
            time.sleep(0.002)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self.site.server.before_answer = self._perhaps_act
        try:
            yield
        finally:
            self.site.server.before_answer = _quiet

    def _perhaps_act(self, path: str) -> None:
        if self.dice.random() < 0.15:
            self.shop.act()
            self._deliver()

    def _deliver(self) -> None:
        """Webhooks since the last time: some are lost, late or come twice; what comes now comes in any order."""
        for event in self.shop.events[self._sent :]:
            if self.dice.random() < 0.2:
                continue
            for _ in range(2 if self.dice.random() < 0.15 else 1):
                late = self.dice.choice((0, 0, 0, 1, 2, 6))
                self._on_the_way.append((self._steps + late, event))
        self._sent = len(self.shop.events)
        coming = [event for due, event in self._on_the_way if due <= self._steps]
        self._on_the_way = [(due, event) for due, event in self._on_the_way if due > self._steps]
        self.dice.shuffle(coming)
        for event in coming:
            self.site.receive(event)
            self.in_inbox.append(event)

    def _ingest(self) -> None:
        self.site.ingest()
        for event in self.in_inbox:
            self.ingested.add(event.id)
            if event.is_false:
                self.lies.append(event)
        self.done["events"] += len(self.in_inbox)
        self.in_inbox.clear()

    def _note(self, wrong: list[str], when: str) -> None:
        self.wrong += [f"step {self._steps}, {when}: {text}" for text in wrong]


def _quiet(path: str) -> None:
    """Nothing happens before an answer."""


@contextmanager
def _nothing() -> Iterator[None]:
    yield

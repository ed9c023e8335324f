"""A merchant that lives and is synced at random times, by one clock: what was true at a sync can be asked later."""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from uuid import uuid4

import time_machine

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.state import Event
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.tracked import TRACKED
from og_assets.playground.comparison import Comparison, compare
from og_assets.sync.ingest import ingest
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import STATUS_CHANGES, SUBSCRIPTION_CHANGES, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.held_warehouse import HeldWarehouse
from og_assets_tests.places import place_at
from og_assets_tests.pulling import client_for, pull_one

sys.path.append(str(Path(__file__).parents[1] / "sync"))
from shop_life import CHANGES

BY_NAME = {object.name: object for object in OBJECTS}
NOON = datetime(2025, 6, 3, 17, tzinfo=UTC)
INSIDE = {"rejected_message", "free_trial_subscription_context"}
"""Columns of which history keeps a part."""


class Life:
    """A world that remembers, its warehouse and inbox. Our clock is the world's plus up to three seconds."""

    def __init__(self, seed: int, folder: Path, *, customers: int = 4) -> None:
        self.dice = random.Random(seed)
        self.world = World(seed, customers=customers, now=NOON)
        self.world.remember()
        self.emulator = Emulator(self.world)
        self.warehouse = HeldWarehouse(database=str(place_at(folder / "warehouse.duckdb")))
        self.inbox = Inbox(folder / "inbox.sqlite")
        self.skew = timedelta(seconds=self.dice.choice([0, 0, 3, -3]))
        self.synced: list[tuple[datetime, datetime]] = []
        """Of each sync, when it was over on our clock, and the second that it was in the world."""
        self._told = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.emulator)
        self._client = self._open.enter_context(client_for(self.emulator))
        self._open.callback(self.inbox.close)
        self._open.callback(self.warehouse.close)
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    @contextmanager
    def our_clock(self) -> Iterator[None]:
        """For a block, what this process takes for now."""
        with time_machine.travel(self.world.now + self.skew, tick=True):
            yield

    def pass_time(self, changes: int, days: int = 0) -> None:
        """Some changes at random moments, at least a minute after what was before; or days of ordinary life."""
        self.world.advance(timedelta(minutes=1))
        for _ in range(days):
            self.world.simulate_day()
        for _ in range(changes):
            self.world.advance(timedelta(seconds=self.dice.choice([0, 1, 60, 3600, 30_000])))
            CHANGES[self.dice.choice(sorted(CHANGES))](self.world, self.dice.randrange(40))

    def new_events(self) -> list[Event]:
        """What webhooks would tell since this was asked last."""
        events = self.world.events[self._told :]
        self._told = len(self.world.events)
        return events

    def sync(self, events: list[Event] | None = None, **options: Any) -> None:
        """Pull the objects with history, take in events, sweep, derive: what the job `sync` does."""
        self.world.advance(timedelta(seconds=1))
        with self.our_clock():
            for name in TRACKED:
                pull_one(self.emulator, self.warehouse, BY_NAME[name], client=self._client, **options)
            for event in events or ():
                self.inbox.store(as_received(event))
            ingest(self.inbox, self.warehouse, run_id=str(uuid4()), masking=KEEPING)
            source = Source(self._client, SourceClock(), KEEPING)
            for name in ("orders", "items"):
                sweep(BY_NAME[name], source, self.warehouse, run_id=str(uuid4()))
            with self.warehouse.get_connection() as connection:
                prepare(connection, READ_BY_DERIVED)
                for table in (TOMBSTONES, STATUS_CHANGES, SUBSCRIPTION_CHANGES):
                    derive(connection, table)
            self.synced.append((datetime.now(UTC), self.world.now))

    def refresh(self) -> None:
        """A sync that pulls the whole history."""
        self.sync(mode=PullMode.WHOLE_HISTORY)

    def as_of(self, name: str, ours: datetime, of_the_world: datetime) -> Comparison:
        """History as of an instant of our clock beside the world as of that second of its own."""
        world = SimpleNamespace(truth=lambda name: self.world.truth_as_of(name, of_the_world), deleted=lambda name: {})
        with self.warehouse.get_connection(read_only=True) as connection:
            return compare(
                connection,
                world,  # type: ignore[arg-type]
                BY_NAME[name],
                KEEPING,
                source=f"history.{name}_as_of(TIMESTAMPTZ '{ours.isoformat()}')",
                columns={*BY_NAME[name].key, *TRACKED[name]} - INSIDE,
            )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.warehouse.get_connection(read_only=True) as connection:
            return connection.execute(sql).fetchall()


def as_received(event: Event) -> InboxEvent:
    """An event as the receiver stores it."""
    envelope = event.envelope()
    return InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), json.dumps(envelope).encode())

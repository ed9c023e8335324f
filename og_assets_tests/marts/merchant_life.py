"""A merchant that lives for some days and is synced as each is over, by one clock, with webhooks and without."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import time_machine

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.marts import prepare_reading
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.state import Event
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.ingest import ingest
from og_assets.sync.source import Source
from og_assets.sync.sweep import sweep
from og_assets.warehouse.analytics import ANALYTICS, TOMBSTONES
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets_tests.held_warehouse import HeldWarehouse
from og_assets_tests.pulling import client_for, pull_one

BUSINESS_ZONE = "America/New_York"
JUNE = datetime(2026, 6, 1, 4, 1, tzinfo=UTC)
"""A minute into a business day, in which the day before is over; no clock is moved in the 90 days that follow."""

CHANGING = ("subscriptions", "orders", "items")
"""Pulled each day."""
OTHERS = ("customers", "products", "offer_profiles", "one_time_incentives")
"""Pulled before something is derived: the marts want no past of them."""
SIDES = ("with webhooks", "without")
BY_NAME = {object.name: object for object in OBJECTS}


class Warehouse:
    """The warehouse of a merchant, and its inbox if it has webhooks."""

    def __init__(self, folder: Path, *, has_webhooks: bool) -> None:
        folder.mkdir(parents=True)
        self.has_webhooks = has_webhooks
        self.file = HeldWarehouse(database=str(folder / "warehouse.duckdb"))
        self.inbox = Inbox(folder / "inbox.sqlite")

    def close(self) -> None:
        """Close file and inbox."""
        self.file.close()
        self.inbox.close()

    def pull(self, emulator: Emulator, source: Source) -> None:
        """What the job `sync` reads of lists."""
        for name in CHANGING:
            pull_one(emulator, self.file, BY_NAME[name], client=source.client)

    def copy(self, other: "Warehouse") -> None:
        """Become what another one is; the inbox stays its own."""
        other.file.close()
        shutil.copy(other.file.place.path, self.file.place.path)

    def find_deletions(self, source: Source, events: Iterable[Event]) -> None:
        """What the job `sync` does after that, up to the tombstones; webhooks tell of all that a sweep would find."""
        if self.has_webhooks:
            for event in events:
                self.inbox.store(_as_received(event))
            ingest(self.inbox, self.file, run_id=str(uuid4()), masking=KEEPING)
        for name in () if self.has_webhooks else ("orders", "items"):
            sweep(BY_NAME[name], source, self.file, run_id=str(uuid4()))
        with self.file.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            derive(connection, TOMBSTONES)

    def build(self, emulator: Emulator, source: Source) -> None:
        """The marts, and what they are made from."""
        for name in OTHERS:
            pull_one(emulator, self.file, BY_NAME[name], client=source.client)
        with self.file.get_connection() as connection:
            prepare(connection, READ_BY_DERIVED)
            for table in ANALYTICS:
                derive(connection, table)
        build_marts(self.file, Terms(BUSINESS_ZONE), prepare_reading, rebuild=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.file.get_connection(read_only=True) as connection:
            return connection.execute(sql).fetchall()


class MerchantLife:
    """A world that remembers, and its warehouses. Our clock is the world's."""

    def __init__(self, world: World, folder: Path, sides: Sequence[str] = SIDES) -> None:
        self.world = world
        self.world.remember()
        self.emulator = Emulator(world)
        self.warehouses = {side: Warehouse(folder / side, has_webhooks=side == "with webhooks") for side in sides}
        self.first_sync: datetime | None = None
        self._told = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.emulator)
        self._source = Source(self._open.enter_context(client_for(self.emulator)), SourceClock(), KEEPING)
        for warehouse in self.warehouses.values():
            self._open.callback(warehouse.close)
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def live(self, days: int) -> None:
        """So many days, each followed by a sync of both warehouses; before the first of all, a sync too."""
        if self.first_sync is None:
            self.first_sync = self.world.now
            self._sync()
        for _ in range(days):
            self.world.simulate_day()
            self._sync()

    def build(self, *sides: str) -> None:
        """The marts of these warehouses, or of all."""
        with self.clock():
            for side in sides or self.warehouses:
                self.warehouses[side].build(self.emulator, self._source)

    @contextmanager
    def clock(self) -> Iterator[None]:
        """For a block, what this process takes for now."""
        with time_machine.travel(self.world.now, tick=True):
            yield

    def _sync(self) -> None:
        events = self.world.events[self._told :]
        self._told = len(self.world.events)
        with self.clock():
            read: Warehouse | None = None
            for warehouse in self.warehouses.values():
                if read and self.world.now == self.first_sync:
                    warehouse.copy(read)  # all of history is read once
                else:
                    warehouse.pull(self.emulator, self._source)
                read = warehouse
            for warehouse in self.warehouses.values():
                warehouse.find_deletions(self._source, events)


def _as_received(event: Event) -> InboxEvent:
    envelope = event.envelope()
    return InboxEvent(event.id, event.type, envelope["created"], datetime.now(UTC), json.dumps(envelope).encode())

"""A merchant, its warehouse and one fault: what is promised before, what holds after, what one clean sync mends."""

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.world import World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.playground.comparison import Comparison, compare
from og_assets.sync.pull import PullReport
from og_assets.sync.windows import PullMode
from og_assets.warehouse.staging import staging_folder
from og_assets.warehouse.sync_log import read_watermark
from og_assets_tests.pulling import Told, broken_states, client_for, pull_one

BY_NAME = {object.name: object for object in OBJECTS}
ORDERS = BY_NAME["orders"]
CUSTOMERS = 8
PAGE_SIZE = 5
"""So small that a pull of orders has ten pages or more."""


class Impossible(Exception):
    """This machine does not let a fault be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of a world at one time, as `compare` asks for them."""

    rows: dict[str, list[dict[str, Any]]]
    gone: dict[str, dict[str, datetime]]

    def truth(self, object_name: str) -> Iterator[dict[str, Any]]:
        """The rows of an object."""
        return iter(self.rows[object_name])

    def deleted(self, object_name: str) -> dict[str, datetime]:
        """The keys of deleted rows."""
        return self.gone[object_name]


@dataclass
class Rig:
    """One round of one fault. The world stands still from `begin` until the fault is over.

    `objects` are those that are synced; `excused` are keys of theirs that were served as what no table can
    hold, and are in quarantine.
    """

    folder: Path
    dice: random.Random
    templates: Path
    objects: list[OrdergrooveObject] = field(default_factory=lambda: [ORDERS])
    excused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.emulator = Emulator(World(customers=CUSTOMERS))
        self.warehouse = WarehouseResource(database=str(self.folder / "warehouse" / "ordergroove.duckdb"), threads=1)
        self.before = Snapshot({}, {})
        self.synced = False
        self.changed_at = self.world.now

    def __enter__(self) -> Self:
        self.emulator.start()
        self.client = client_for(self.emulator)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.emulator.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def world(self) -> World:
        """The merchant."""
        return self.emulator.world

    @property
    def object(self) -> OrdergrooveObject:
        """The object that the fault is about: the first."""
        return self.objects[0]

    @property
    def pages(self) -> int:
        """How many pages the next pull of the object will have."""
        return -(-self.world.count(self.object.name) // PAGE_SIZE)

    def choose(self, *names: str) -> None:
        """Sync these objects in place of orders."""
        self.objects = [BY_NAME[name] for name in names]

    def begin(self, *, synced: bool) -> None:
        """An empty warehouse or one with a first sync; then a day passes and everything changes."""
        if synced:
            self._copy_of_a_first_sync()
        self.synced = synced
        self.before = self._snapshot() if synced else Snapshot({}, {})
        self.world.simulate_day()
        for name, table in TABLES.items():
            if table.stamp:
                for key in self.world.keys(name):
                    self.world.touch(name, key)
        self.changed_at = self.world.now
        self.world.advance(timedelta(hours=1))

    def pull(
        self,
        object: OrdergrooveObject | None = None,
        *,
        run_id: str | None = None,
        mode: PullMode = PullMode.SINCE_WATERMARK,
        client: OrdergrooveClient | None = None,
        warehouse: WarehouseResource | None = None,
    ) -> PullReport:
        """One pull of the object, in this process."""
        return pull_one(
            self.emulator,
            warehouse or self.warehouse,
            object or self.object,
            run_id=run_id,
            mode=mode,
            page_size=PAGE_SIZE,
            client=client or self.client,
        )

    def pull_expecting(self, *errors: type[Exception] | None, **options: Any) -> Exception | None:
        """One pull that ends in one of these ways; None is success. Returns the error."""
        caught: Exception | None = None
        try:
            self.pull(**options)
        except tuple(error for error in errors if error) as error:
            caught = error
        assert caught is not None or None in errors, f"the pull succeeded, it was to raise {errors}"
        return caught

    def any_page(self, first: int = 1, last: int | None = None) -> int:
        """A page of the next pull, by dice; not its last, whose `next` is null, unless that is asked for."""
        return self.dice.randint(first, max(first, last or self.pages - 1))

    def watermark(self, object: OrdergrooveObject | None = None) -> datetime | None:
        """Where an object stands; None when there is no warehouse."""
        if not self.warehouse.place.path.exists():
            return None
        with self.warehouse.get_connection() as connection:
            return read_watermark(connection, (object or self.object).name)

    def count_ahead(self) -> int:
        """Rows that a watermark vouches for and that are not in their table as it says.

        A watermark after the last change vouches for the world as it is. One before it vouches for the
        world of then: each row is there, as it was or as it has become.
        """
        if not self.warehouse.place.path.exists():
            return 0
        ahead: set[tuple[str, ...]] = set()
        with self.warehouse.get_connection() as connection:
            for object in self.objects:
                watermark = read_watermark(connection, object.name)
                if watermark is None:
                    continue
                now = compare(connection, Told(self.emulator), object, KEEPING)  # type: ignore[arg-type]
                wrong = _wrong(now)
                if watermark < self.changed_at:
                    then = compare(connection, self.before, object, KEEPING)  # type: ignore[arg-type]
                    wrong = set(then.missing) | set(then.repeated) | (_wrong(then) & wrong)
                ahead |= {(object.name, *key) for key in wrong if key[0] not in self.excused}
        return len(ahead)

    def recover(self) -> float:
        """The emulator behaves, and one clean sync runs; returns its seconds."""
        self.emulator.faults.clear()
        if self.excused:  # what was served wrong is served again when it changes
            for name in {synced.name for synced in self.objects}:
                for key in self.excused & set(self.world.keys(name)):
                    if TABLES[name].stamp:
                        self.world.touch(name, key)
        started = time.monotonic()
        for object in self.objects:
            pull_one(self.emulator, self.warehouse, object, client=self.client)
        return time.monotonic() - started

    def count_lost(self) -> int:
        """Rows in which a table differs from the world, and former states that are lost or doubled.

        Different is what is missing, repeated, of nowhere, or has another value.
        """
        with self.warehouse.get_connection(read_only=True) as connection:
            found = [compare(connection, Told(self.emulator), object, KEEPING) for object in self.objects]  # type: ignore[arg-type]
        rows = sum(len(_wrong(comparison) | set(comparison.surplus)) for comparison in found)
        return rows + broken_states(self.warehouse, self.objects)

    def assert_tidy(self) -> None:
        """No pull counts as under way, and nothing of a pull lies about."""
        with self.warehouse.get_connection(read_only=True) as connection:
            names = [object.name for object in self.objects]
            running = connection.execute(
                "SELECT object FROM ops.sync_runs WHERE outcome = 'running' AND list_contains(?, object)", [names]
            ).fetchall()
        assert not running, f"still running: {running}"
        assert self.staged() == []

    def staged(self) -> list[str]:
        """What is in the staging folder, its own lock aside."""
        folder = staging_folder(self.warehouse.place.path)
        return sorted(path.name for path in folder.iterdir() if path.name != ".lock") if folder.exists() else []

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.warehouse.get_connection() as connection:
            return connection.execute(sql, list(values)).fetchall()

    def _snapshot(self) -> Snapshot:
        told = Told(self.emulator)
        names = [object.name for object in self.objects]
        return Snapshot({name: list(told.truth(name)) for name in names}, {name: told.deleted(name) for name in names})

    def _copy_of_a_first_sync(self) -> None:
        """All objects as the world begins. Equal worlds give equal files, so that the sync is made once."""
        template = self.templates / "synced.duckdb"
        if not template.exists():
            making = WarehouseResource(database=str(self.templates / "making.duckdb"))
            for object in OBJECTS:
                pull_one(self.emulator, making, object, client=self.client)
            making.place.path.rename(template)
        self.warehouse.place.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, self.warehouse.place.path)


def _wrong(comparison: Comparison) -> set[tuple[str, ...]]:
    """Keys that are missing, repeated or different."""
    return {*comparison.missing, *comparison.repeated, *(key for key, *_ in comparison.different)}

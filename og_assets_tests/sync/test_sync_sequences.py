"""Whatever happens in whatever order, a watermark never runs ahead, and one clean sync makes the tables the truth.

Sequences of a shop's life, of clocks, faults, syncs, backfills, refreshes, deaths, retries and overlapping pulls,
made by hypothesis. OG_SEQUENCES sets how many (in all), OG_SEED which: a failure prints its seed.
"""

import logging
import os
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from shop_life import CHANGES, commit_late
from troubles import Changes, Dies, Expires, Passing, Repeats, Trouble

from og_assets.emulator import effects as fx
from og_assets.emulator.api import Api
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import DEFAULT_NOW, World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.playground.comparison import compare
from og_assets.sync.pull import PullReport
from og_assets.sync.windows import CHICAGO, LOOKBACK, PullMode
from og_assets.warehouse import staging
from og_assets_tests.held_warehouse import HeldWarehouse
from og_assets_tests.pulling import Told, assert_equals_world, broken_states, client_for, pull_one

SEQUENCES = int(os.environ.get("OG_SEQUENCES", "40"))
STEPS = 6
SEED = int(os.environ.get("OG_SEED") or (random.randrange(2**32) if "OG_SEQUENCES" in os.environ else 3))

ZONES = [
    (filters, stamps)
    for filters in ("America/Chicago", "America/New_York")
    for stamps in ("America/New_York", "America/Chicago")
]
STARTS = {
    "winter": datetime(2025, 1, 14, 18, tzinfo=UTC),
    "summer": DEFAULT_NOW,
    "half an hour before clocks go forward": datetime(2025, 3, 9, 6, 30, tzinfo=UTC),
    "half an hour before clocks go back": datetime(2025, 11, 2, 4, 30, tzinfo=UTC),
}
"""In winter, where filters are read in Chicago, the clock of `*_start` gives no overlap that would hide a mistake."""
BY_NAME = {object.name: object for object in OBJECTS}
ALWAYS = ("orders", "items")
ONE_OF = ("subscriptions", "customers", "addresses", "offer_profiles")

numbers = st.integers(0, 40)
pages = st.integers(1, 3)
later_pages = st.integers(2, 3)
changes = st.sampled_from(sorted(CHANGES))
objects = st.sampled_from([*ALWAYS, *ALWAYS, "one more"])
moments = st.sampled_from(["after", "before"])
happening = st.builds(Changes, pages, moments, changes, numbers, st.sampled_from([30, 1, 0]))
dying = st.builds(Dies, later_pages, st.sampled_from([403, 503]), st.booleans())
passing = st.builds(Passing, st.sampled_from(["429", "500", "reset", "cut", "html", "gzip"]), pages, st.integers(1, 3))
expiring = st.builds(Expires, later_pages, st.sampled_from([400, 404]), st.integers(1, 2))
troubles_of_two = st.lists(st.one_of(happening, passing, happening, dying, expiring), max_size=2)
troubles = st.lists(
    st.one_of(
        happening,
        dying,
        happening,
        passing,
        happening,
        expiring,
        st.builds(Repeats, later_pages, st.none() | st.integers(1, 3)),
    ),
    min_size=1,
    max_size=3,
)


class Stage:
    """One emulator and two clients for all sequences in one reading of the zones; each sequence brings its world."""

    def __init__(self, filter_zone: str, stamp_zone: str, folder: Path) -> None:
        self.source_tz = stamp_zone
        self._folder = folder
        self.emulator = Emulator(World(customers=1), filter_zone=ZoneInfo(filter_zone), stamp_zone=ZoneInfo(stamp_zone))
        self._filter_zone = ZoneInfo(filter_zone)
        self._synced: dict[str, Path] = {}
        self.clients: list[OrdergrooveClient] = []

    def __enter__(self) -> Self:
        self.emulator.start()
        self.clients = [client_for(self.emulator) for _ in range(2)]
        return self

    def __exit__(self, *exception: object) -> None:
        for client in self.clients:
            client.close()
        self.emulator.stop()

    def play(self, start: str) -> World:
        """A new world, served from now on."""
        emulator = self.emulator
        world = World(seed=len(start), customers=3, now=STARTS[start])
        emulator.faults.clear()
        emulator.requests.clear()
        emulator.world = world
        emulator.api = Api(world, emulator.api.keys, stamp_zone=emulator.api.stamp_zone, filter_zone=self._filter_zone)
        return world

    def synced(self, start: str) -> Path:
        """A warehouse after a first sync of the orders and items of that world; equal worlds give equal files."""
        if start not in self._synced:
            path = self._folder / f"{len(self._synced)}.duckdb"
            warehouse = HeldWarehouse(database=str(path))
            for name in ALWAYS:
                pull_one(self.emulator, warehouse, BY_NAME[name], source_tz=self.source_tz, client=self.clients[0])
            warehouse.close()
            self._synced[start] = path
        return self._synced[start]


class Sequence(RuleBasedStateMachine):
    """One shop, one warehouse, and all that may happen between them."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="og-sequence-"))
        self.watermarks: dict[str, datetime] = {}
        self.late: dict[tuple[str, str], datetime] = {}
        self.stopped: tuple[OrdergrooveObject, dict[str, Any]] | None = None
        self.unchecked: list[OrdergrooveObject] = []

    @initialize(
        start=st.sampled_from(list(STARTS)),
        synced=st.sampled_from([True] * 7 + [False]),
        one_more=st.sampled_from(ONE_OF),
        page_size=st.sampled_from([2, 3, 100]),
        segment=st.sampled_from([1, 100, 2]),
    )
    def begin(self, start: str, synced: bool, one_more: str, page_size: int, segment: int) -> None:
        """A world at a time of the year; a warehouse that is new or has a first sync."""
        self.world = self.stage.play(start)
        path = self.folder / "warehouse.duckdb"
        if synced:
            shutil.copy(self.stage.synced(start), path)
        self.warehouse = HeldWarehouse(database=str(path), threads=1)
        self.objects = [BY_NAME[name] for name in (*ALWAYS, one_more)]
        self.page_size = page_size
        staging.PAGES_PER_SEGMENT = segment
        self.unchecked = list(self.objects)

    def chosen(self, name: str) -> OrdergrooveObject:
        """The object that a rule is about."""
        return self.objects[-1] if name == "one more" else BY_NAME[name]

    # The shop

    @rule(happenings=st.lists(st.tuples(changes, numbers), min_size=2, max_size=5))
    def live(self, happenings: list[tuple[str, int]]) -> None:
        """Things happen in one second: when no time passed, in the second in which the last pull began."""
        for change, number in happenings:
            CHANGES[change](self.world, number)

    @rule(late=st.sampled_from([600, 599, 300, 1, 0]), number=numbers, synced=st.booleans())
    def live_late(self, late: int, number: int, synced: bool) -> None:
        """The server commits a change late, perhaps after a sync, with a stamp of up to a lookback ago."""
        names = ["orders", *(object.name for object in self.objects if object.name in ("subscriptions", "customers"))]
        name = names[number % len(names)]
        if synced:
            self.pull(BY_NAME[name], [])
        committed = commit_late(self.world, name, number, timedelta(seconds=late))
        if committed:
            key, stamp = committed
            self.late[name, key] = datetime.fromtimestamp(stamp, UTC)

    @rule(seconds=st.sampled_from([1, 59, 600, 1800, 3600, 8 * 3600]))
    def wait(self, seconds: int) -> None:
        """Time passes; at night orders are placed."""
        self.world.advance(timedelta(seconds=seconds))

    @rule(days=st.integers(1, 4))
    def be_out_for(self, days: int) -> None:
        """Nothing is synced for days of ordinary life."""
        for _ in range(days):
            self.world.simulate_day()

    @rule()
    def restart(self) -> None:
        """The process ends between two pulls; the next one opens the file."""
        self.warehouse.close()

    # The syncs

    @rule(name=objects)
    def sync_in_peace(self, name: str) -> None:
        """What changed since the watermark, on a good day."""
        self.pull(self.chosen(name), [])

    @rule(name=objects, trouble=troubles)
    def sync(self, name: str, trouble: list[Trouble]) -> None:
        """What changed since the watermark."""
        self.pull(self.chosen(name), trouble)

    @rule(name=objects, trouble=troubles)
    def refresh(self, name: str, trouble: list[Trouble]) -> None:
        """The whole history."""
        self.pull(self.chosen(name), trouble, mode=PullMode.WHOLE_HISTORY)

    @rule(name=objects, trouble=troubles, back=st.integers(0, 5), length=st.integers(1, 4))
    def backfill(self, name: str, trouble: list[Trouble], back: int, length: int) -> None:
        """Certain days; with `back` 0 today is among them."""
        last = self.world.now.astimezone(CHICAGO).date() - timedelta(days=back)
        days = (last - timedelta(days=length - 1), last)
        before = dict(self.watermarks)
        self.pull(self.chosen(name), trouble, mode=PullMode.DAYS, days=days)
        if back:
            self.check_watermarks(self.unchecked)
            assert self.watermarks == before, "a backfill of past days moved a watermark"

    @precondition(lambda self: self.stopped)
    @rule(trouble=troubles)
    def retry(self, trouble: list[Trouble]) -> None:
        """The pull that stopped last is tried again by its run."""
        assert self.stopped
        object, asked = self.stopped
        self.pull(object, trouble, **asked)

    @rule(
        name=objects,
        page=later_pages,
        minutes=st.sampled_from([30, 0]),
        first=st.builds(Changes, st.just(1), moments, changes, numbers, st.just(0)),
        trouble=troubles_of_two,
        mode=st.sampled_from([PullMode.WHOLE_HISTORY, PullMode.SINCE_WATERMARK]),
    )
    def overlap(
        self, name: str, page: int, minutes: int, first: Changes, trouble: list[Trouble], mode: PullMode
    ) -> None:
        """While a pull waits for a page, another run pulls the same object from beginning to end."""
        object = self.chosen(name)
        problems: list[BaseException] = []

        def other(world: World, request: object) -> None:
            world.advance(timedelta(minutes=minutes))
            try:
                self.report(object, self.stage.clients[1], run_id=str(uuid4()))
            except OrdergrooveError:
                pass  # it met the trouble of the first
            except BaseException as problem:  # noqa: BLE001 - it is raised below, in the thread of the test
                problems.append(problem)

        fault = Fault(fx.Call(other), object.name, page=page, times=1)
        self.pull(object, [first, *trouble], mode=mode, faults=[fault])
        for problem in problems:
            raise problem

    @rule(name=objects)
    def race(self, name: str) -> None:
        """Two runs pull the same object at the same time."""
        object = self.chosen(name)
        problems: list[BaseException] = []
        barrier = threading.Barrier(2)

        def run(client: OrdergrooveClient) -> None:
            try:
                barrier.wait()
                self.report(object, client, run_id=str(uuid4()))
            except BaseException as problem:  # noqa: BLE001 - it is raised below, in the thread of the test
                problems.append(problem)

        runners = [threading.Thread(target=run, args=(client,)) for client in self.stage.clients]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
        for problem in problems:
            raise problem
        self.unchecked.append(object)

    def pull(
        self, object: OrdergrooveObject, trouble: list[Trouble], *, faults: list[Fault] | None = None, **asked: Any
    ) -> None:
        """One pull in trouble, which ends well or by one of our own errors; afterwards the emulator behaves again."""
        asked = {"run_id": str(uuid4()), **asked}
        for fault in (*(faults or []), *(fault for each in trouble for fault in each.faults(object.name))):
            self.stage.emulator.faults.add(fault)
        try:
            self.report(object, self.stage.clients[0], **asked)
            self.stopped = None
        except OrdergrooveError:
            self.stopped = object, asked
            if any(isinstance(each, Dies) and each.killed for each in trouble):
                self.forget_the_failure(asked["run_id"])
        finally:
            self.stage.emulator.faults.clear()
        self.unchecked.append(object)

    def report(self, object: OrdergrooveObject, client: OrdergrooveClient, **asked: Any) -> PullReport:
        """One pull."""
        return pull_one(
            self.stage.emulator,
            self.warehouse,
            object,
            client=client,
            page_size=self.page_size,
            source_tz=self.stage.source_tz,
            **asked,
        )

    def forget_the_failure(self, run_id: str) -> None:
        """Leave the sync log as a killed process leaves it (test_sync_killed.py shows that it does)."""
        with self.warehouse.get_connection() as connection:
            connection.execute(
                "UPDATE ops.sync_runs SET outcome = 'running', finished_at = NULL, error = NULL"
                " WHERE run_id = ? AND outcome = 'failed'",
                [run_id],
            )

    # What holds

    @invariant()
    def watermarks_are_not_ahead(self) -> None:
        """Every row whose last change is before its object's watermark is in the table as it is in the world."""
        self.check_watermarks(self.unchecked)
        self.unchecked.clear()

    def check_watermarks(self, objects: Collection[OrdergrooveObject]) -> None:
        """Hold what lies before the watermarks against the world. They only grow, and never pass its clock."""
        if not objects or not self.warehouse.place.path.exists():
            return
        with self.warehouse.get_connection(read_only=True) as connection:
            found = dict(connection.execute("SELECT object, watermark FROM ops.sync_state").fetchall())
            for object in objects:
                watermark = found.get(object.name)
                if watermark is None:
                    assert object.name not in self.watermarks
                    continue
                assert self.watermarks.get(object.name, watermark) <= watermark <= self.world.now, object.name
                comparison = compare(connection, self.before(object, watermark), object, KEEPING)  # type: ignore[arg-type]
                wrong = comparison.missing or comparison.different or comparison.repeated
                assert not wrong, f"{object.name} has not all from before its watermark {watermark}: {comparison}"
        self.watermarks = {name: at.astimezone(UTC) for name, at in found.items()}

    def before(self, object: OrdergrooveObject, watermark: datetime) -> SimpleNamespace:
        """The world without the rows that changed after the watermark, or that a lookback may still bring."""
        told, true = Told(self.stage.emulator), self.world.truth

        def is_due(row: dict[str, Any]) -> bool:
            if object.change_stamp is None or row[object.change_stamp] > watermark:
                return False
            name, key = ("orders", row["order"]) if object.name == "items" else (object.name, row[object.key[0]])
            late = self.late.get((name, key)) == row[object.change_stamp]
            return not late or row[object.change_stamp] < watermark - LOOKBACK

        def truth(name: str) -> Iterator[dict[str, Any]]:
            zone = self.stage.emulator.api.stamp_zone
            return (
                row for row, plain in zip(told.truth(name), true(name, stamp_zone=zone), strict=True) if is_due(plain)
            )

        return SimpleNamespace(truth=truth, deleted=told.deleted)

    def teardown(self) -> None:
        """One clean sync later the tables are the truth, and the log knows of no pull under way."""
        try:
            if sys.exception() is None:  # else a rule has failed already, and that is what to show
                self.end_well()
        finally:
            if hasattr(self, "warehouse"):
                self.warehouse.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def end_well(self) -> None:
        self.page_size = 100
        for object in self.objects:
            self.report(object, self.stage.clients[0])
        assert_equals_world(self.stage.emulator, self.warehouse, self.objects)
        assert broken_states(self.warehouse, self.objects) == 0
        with self.warehouse.get_connection(read_only=True) as connection:
            left = connection.execute("SELECT object, outcome FROM ops.sync_runs WHERE outcome = 'running'").fetchall()
        assert not left
        left_behind = [
            path.name for path in staging.staging_folder(self.warehouse.place.path).iterdir() if path.name != ".lock"
        ]
        assert not left_behind


@pytest.mark.long
@pytest.mark.parametrize(("filter_zone", "stamp_zone"), ZONES)
def test_tables_are_the_truth_after_any_sequence_and_one_clean_sync(
    filter_zone: str,
    stamp_zone: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No watermark is ever ahead of what is loaded, in every reading of Ordergroove's clocks."""
    caplog.set_level(logging.ERROR, logger="og_assets")  # thousands of pulls with a clock of another year
    monkeypatch.setattr(staging, "PAGES_PER_SEGMENT", staging.PAGES_PER_SEGMENT)
    # Most examples would be mutations that repeat a part of the one before: with a few hundred, new ones find more.
    monkeypatch.setattr(ConjectureRunner, "generate_mutations_from", lambda self, data: None, raising=False)
    with Stage(filter_zone, stamp_zone, tmp_path) as stage:

        @seed(SEED)
        class OfThisStage(Sequence):
            pass

        OfThisStage.stage = stage
        try:
            run_state_machine_as_test(
                OfThisStage,
                settings=settings(
                    max_examples=-(-SEQUENCES // len(ZONES)),
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    print_blob=True,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except BaseException as failure:
            failure.add_note(f"The same sequences again: OG_SEED={SEED} OG_SEQUENCES={SEQUENCES}")
            raise

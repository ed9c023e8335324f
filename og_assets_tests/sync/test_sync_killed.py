"""A process that is killed in the middle of a pull, at every point that matters and at pages by dice; then a sync."""

import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Request
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import PullMode
from og_assets.warehouse.staging import staging_folder
from og_assets.warehouse.sync_log import read_watermark
from og_assets_tests.faults import killing
from og_assets_tests.faults.dying import Errand, Point
from og_assets_tests.faults.killing import finish
from og_assets_tests.pulling import assert_equals_world, pull_one

ORDERS = next(object for object in OBJECTS if object.name == "orders")
PAGE_SIZE = 5
SEED = 5

POINTS = {
    "as it has begun": Point("function", "og_assets.sync.logged_run:begin_sync", "after"),
    "before its third batch": Point("function", "og_assets.sync.pull:load_batch", "before", 3),
    "in the transaction of its third batch": Point("function", "og_assets.warehouse.sync_log:report", "after", 3),
    "after its third batch": Point("function", "og_assets.sync.pull:load_batch", "after", 3),
    "in the transaction of its last batch": Point("function", "og_assets.warehouse.sync_log:succeed", "after"),
}
Start = Callable[..., ForkServerProcess]


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    """An empty warehouse that is open only when it is used: another process loads it."""
    return WarehouseResource(database=str(tmp_path / "warehouse" / "ordergroove.duckdb"))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A world with seven pages of orders or more."""
    world = World(customers=16)
    assert world.count("orders") > 6 * PAGE_SIZE
    with Emulator(world) as running:
        yield running


@pytest.fixture
def start(emulator: Emulator, warehouse: WarehouseResource) -> Iterator[Start]:
    """Start a process that pulls all orders, a batch to a page, and dies at a point."""
    started: list[ForkServerProcess] = []
    today = emulator.world.now.date().isoformat()
    errand = Errand(
        url=emulator.url,
        key=EMULATOR_KEY,
        database=warehouse.database,
        object_name="orders",
        run_id="killed",
        mode=PullMode.WHOLE_HISTORY,
        days=(today, today),
        today=today,
        page_size=PAGE_SIZE,
        pages_per_segment=1,
    )

    def start_it(point: Point | None = None, mode: PullMode = PullMode.WHOLE_HISTORY) -> ForkServerProcess:
        started.append(killing.start(replace(errand, mode=mode), point))
        return started[-1]

    yield start_it
    for process in started:
        process.kill()
        process.join()


def change_everything(world: World) -> None:
    """Each order has something new to be read."""
    for key in world.keys("orders"):
        world.store.update("orders", key, {"tries": 7})
        world.touch("orders", key)


def log(warehouse: WarehouseResource, columns: str) -> list[tuple[Any, ...]]:
    """The sync log, oldest first."""
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM ops.sync_runs ORDER BY sync_id").fetchall()


def watermark_of(warehouse: WarehouseResource) -> datetime | None:
    """Where the orders stand."""
    with warehouse.get_connection(read_only=True) as connection:
        return read_watermark(connection, "orders")


def staged(warehouse: WarehouseResource) -> list[str]:
    """What is in the staging folder, its own lock aside."""
    folder = staging_folder(warehouse.place.path)
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock") if folder.exists() else []


def assert_heals(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """The next sync makes the table the truth and leaves nothing of the dead pull but its row in the log."""
    pull_one(emulator, warehouse, ORDERS, run_id="clean", page_size=PAGE_SIZE)
    assert_equals_world(emulator, warehouse, [ORDERS])
    assert log(warehouse, "run_id, outcome")[-2:] == [("killed", "abandoned"), ("clean", "succeeded")]
    assert staged(warehouse) == []


@pytest.mark.parametrize("synced", [False, True], ids=["first pull", "later pull"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_pull_moves_no_watermark_and_the_next_sync_heals(
    emulator: Emulator, warehouse: WarehouseResource, start: Start, point: str, synced: bool
) -> None:
    """What was committed stays, what was not is gone, and the log says that the pull was abandoned."""
    if synced:
        pull_one(emulator, warehouse, ORDERS)
        change_everything(emulator.world)
    before = watermark_of(warehouse) if synced else None
    assert finish(start(POINTS[point])) == -signal.SIGKILL
    loaded = {"as it has begun": 0, "after its third batch": 3}.get(point, 2)
    if "last" in point:
        loaded = -(-emulator.world.count("orders") // PAGE_SIZE) - 1
    assert log(warehouse, "run_id, outcome, finished_at, error, pages")[-1] == ("killed", "running", None, None, loaded)
    with warehouse.get_connection(read_only=True) as connection:
        new = connection.execute("SELECT count(*) FROM ordergroove.orders WHERE _sync_id = ?", [1 + synced]).fetchone()
    assert new == (loaded * PAGE_SIZE,)
    assert watermark_of(warehouse) == before
    assert bool(staged(warehouse)) == (point != "as it has begun")
    assert_heals(emulator, warehouse)


@pytest.mark.parametrize("dice", range(3))
def test_pull_that_is_killed_while_it_waits_for_a_page_heals(
    emulator: Emulator, warehouse: WarehouseResource, start: Start, dice: int
) -> None:
    """Loading goes on while a page is on its way, so this kills anywhere in it."""
    page = random.Random(SEED + dice).randrange(2, 8)
    processes: list[ForkServerProcess] = []

    def kill(world: World, request: Request) -> None:
        processes[0].kill()

    emulator.faults.add(Fault(fx.Call(kill), "orders", page=page, times=1))
    with emulator.world.lock:  # no page is served before the process is known
        processes.append(start())
    assert finish(processes[0]) == -signal.SIGKILL, f"page {page}"
    assert watermark_of(warehouse) is None
    assert_heals(emulator, warehouse)


def test_pull_that_is_killed_after_its_last_batch_is_complete(
    emulator: Emulator, warehouse: WarehouseResource, start: Start
) -> None:
    """Rows, log and watermark went in one transaction, and nothing after it counts."""
    last = -(-emulator.world.count("orders") // PAGE_SIZE)
    assert finish(start(Point("function", "og_assets.sync.pull:load_batch", "after", last))) == -signal.SIGKILL
    assert log(warehouse, "outcome, records") == [("succeeded", emulator.world.count("orders"))]
    assert watermark_of(warehouse) is not None
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_killed_pull_is_resumed_by_its_own_run(
    emulator: Emulator, warehouse: WarehouseResource, start: Start, batch_per_page: None
) -> None:
    """Dagster retries a step whose process died within the same run: it asks for no page that was loaded."""
    assert finish(start(POINTS["after its third batch"])) == -signal.SIGKILL
    emulator.requests.clear()
    report = pull_one(emulator, warehouse, ORDERS, run_id="killed", mode=PullMode.WHOLE_HISTORY, page_size=PAGE_SIZE)
    assert [served.request.page for served in emulator.requests] == list(range(4, report.progress.pages + 1))
    assert log(warehouse, "sync_id, outcome") == [(1, "succeeded")]
    assert staged(warehouse) == []
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_killed_first_sync_is_gone_on_with_by_the_next_run(
    emulator: Emulator, warehouse: WarehouseResource, start: Start, batch_per_page: None
) -> None:
    """Which no process could arrange: the log still says that it is running."""
    assert finish(start(POINTS["after its third batch"], PullMode.SINCE_WATERMARK)) == -signal.SIGKILL
    change_everything(emulator.world)
    emulator.requests.clear()
    pull_one(emulator, warehouse, ORDERS, run_id="next", page_size=PAGE_SIZE)
    pages = -(-emulator.world.count("orders") // PAGE_SIZE)
    asked = [served.request.page for served in emulator.requests]
    assert asked == [*range(4, pages + 1), *range(1, pages + 1)], "all changed, so all is read after it"
    assert log(warehouse, "run_id, outcome, resumed_from") == [
        ("killed", "abandoned", None),
        ("next", "succeeded", 1),
        ("next", "succeeded", None),
    ]
    assert staged(warehouse) == []
    assert_equals_world(emulator, warehouse, [ORDERS])

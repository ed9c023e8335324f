"""A process that is killed in the middle of a pull, at every point that matters and at pages by dice; then a sync."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Request
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.partitions import PullMode
from og_assets.warehouse.resource import WarehouseResource
from og_assets.warehouse.staging import staging_folder
from og_assets.warehouse.sync_log import read_watermark
from og_assets_tests.pulling import assert_equals_world, pull_one

ORDERS = next(object for object in OBJECTS if object.name == "orders")
PAGE_SIZE = 5
REPOSITORY = Path(__file__).parent.parent.parent
SEED = 5

PULL_AND_DIE = """
import os, signal, sys
from og_assets import pull as pulling
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.objects import OBJECTS
from og_assets.partitions import PullMode, SyncWindow
from og_assets.warehouse import staging, sync_log
from og_assets.warehouse.resource import WarehouseResource

url, key, database, module, name, when, nth = sys.argv[1:]
staging.PAGES_PER_SEGMENT = 1


def die_at(module, name, when, nth):
    true, calls = getattr(module, name), 0

    def dying(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = true(*arguments, **options)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, dying)


if name:
    die_at({"pull": pulling, "sync_log": sync_log}[module], name, when, int(nth))
with OrdergrooveClient(url, key, requests_per_minute=None) as client:
    pulling.pull(
        next(object for object in OBJECTS if object.name == "orders"),
        client=client,
        warehouse=WarehouseResource(database=database),
        clock=SourceClock(),
        window_for=lambda watermark: SyncWindow(),
        mode=PullMode.WHOLE_HISTORY,
        run_id="killed",
        page_size=5,
    )
"""

POINTS = {
    "as it has begun": ("pull", "begin_sync", "after", 1),
    "before its third batch": ("pull", "load_batch", "before", 3),
    "in the transaction of its third batch": ("sync_log", "report", "after", 3),
    "after its third batch": ("pull", "load_batch", "after", 3),
    "in the transaction of its last batch": ("sync_log", "succeed", "after", 1),
}
Start = Callable[..., "subprocess.Popen[bytes]"]


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
    """Start a process that pulls all orders and dies at a point: module, function, before or after, which call."""
    started: list[subprocess.Popen[bytes]] = []

    def start_it(module: str = "", name: str = "", when: str = "", nth: int = 0) -> "subprocess.Popen[bytes]":
        arguments = (emulator.url, EMULATOR_KEY, warehouse.database, module, name, when, str(nth))
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        started.append(subprocess.Popen([sys.executable, "-c", PULL_AND_DIE, *arguments], env=environment))
        return started[-1]

    yield start_it
    for process in started:
        process.kill()
        process.wait()


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
    folder = staging_folder(warehouse.path)
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
    assert start(*POINTS[point]).wait(60) == -signal.SIGKILL
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
    processes: list[subprocess.Popen[bytes]] = []

    def kill(world: World, request: Request) -> None:
        processes[0].kill()

    emulator.faults.add(Fault(fx.Call(kill), "orders", page=page, times=1))
    with emulator.world.lock:  # no page is served before the process is known
        processes.append(start())
    assert processes[0].wait(60) == -signal.SIGKILL, f"page {page}"
    assert watermark_of(warehouse) is None
    assert_heals(emulator, warehouse)


def test_pull_that_is_killed_after_its_last_batch_is_complete(
    emulator: Emulator, warehouse: WarehouseResource, start: Start
) -> None:
    """Rows, log and watermark went in one transaction, and nothing after it counts."""
    last = -(-emulator.world.count("orders") // PAGE_SIZE)
    assert start("pull", "load_batch", "after", last).wait(60) == -signal.SIGKILL
    assert log(warehouse, "outcome, records") == [("succeeded", emulator.world.count("orders"))]
    assert watermark_of(warehouse) is not None
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_killed_pull_is_resumed_by_its_own_run(
    emulator: Emulator, warehouse: WarehouseResource, start: Start, batch_per_page: None
) -> None:
    """Dagster retries a step whose process died within the same run: it asks for no page that was loaded."""
    assert start(*POINTS["after its third batch"]).wait(60) == -signal.SIGKILL
    emulator.requests.clear()
    report = pull_one(emulator, warehouse, ORDERS, run_id="killed", mode=PullMode.WHOLE_HISTORY, page_size=PAGE_SIZE)
    assert [served.request.page for served in emulator.requests] == list(range(4, report.progress.pages + 1))
    assert log(warehouse, "sync_id, outcome") == [(1, "succeeded")]
    assert staged(warehouse) == []
    assert_equals_world(emulator, warehouse, [ORDERS])

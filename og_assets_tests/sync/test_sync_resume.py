"""A pull that stopped after loaded batches: what its retry asks for again, what it keeps, and when it starts over.

What a later run does with it is in test_interrupted_first_sync.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.errors import OrdergrooveError, StillFailing
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.pull import PullReport
from og_assets.sync.windows import PullMode
from og_assets_tests.pulling import assert_equals_world, pull_one

ORDERS = next(object for object in OBJECTS if object.name == "orders")
PAGE_SIZE = 5

pytestmark = pytest.mark.usefixtures("batch_per_page")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A world with seven pages of orders or more."""
    world = World(customers=16)
    assert world.count("orders") > 6 * PAGE_SIZE
    with Emulator(world) as running:
        yield running


def pages_asked(emulator: Emulator) -> list[int]:
    """The pages of orders that were served since the last call, in their order."""
    pages = [served.request.page for served in emulator.requests if served.request.object == "orders"]
    emulator.requests.clear()
    return pages


def all_pages(emulator: Emulator) -> list[int]:
    """The numbers of all pages of orders."""
    return list(range(1, -(-emulator.world.count("orders") // PAGE_SIZE) + 1))


def log(warehouse: WarehouseResource, columns: str) -> list[tuple[Any, ...]]:
    """The sync log, oldest first."""
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM ops.sync_runs ORDER BY sync_id").fetchall()


def pull(emulator: Emulator, warehouse: WarehouseResource, run_id: str, **asked: Any) -> PullReport:
    """One pull of the orders, in many batches."""
    return pull_one(emulator, warehouse, ORDERS, run_id=run_id, page_size=PAGE_SIZE, **asked)


def stop_at(emulator: Emulator, warehouse: WarehouseResource, page: int, run_id: str = "first") -> None:
    """A pull whose page fails for good, after the pages before it were loaded."""
    fault = emulator.faults.add(Fault(fx.Status(503), "orders", page=page))
    with pytest.raises(StillFailing, match=f"page {page}"):
        pull(emulator, warehouse, run_id)
    emulator.faults.remove(fault)
    assert set(pages_asked(emulator)) == set(range(1, page + 1))
    assert log(warehouse, "outcome, pages, records")[-1] == ("failed", page - 1, (page - 1) * PAGE_SIZE)


@pytest.mark.parametrize("page", [2, 4, 7])
def test_retry_asks_only_for_what_was_not_loaded(emulator: Emulator, warehouse: WarehouseResource, page: int) -> None:
    """It goes on at the page that failed, under the same number."""
    stop_at(emulator, warehouse, page)
    report = pull(emulator, warehouse, "first")
    assert pages_asked(emulator) == all_pages(emulator)[page - 1 :]
    assert report.sync_id == 1
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_resumed_pull_counts_from_its_first_start(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """One row of the log has the figures of both halves, retries of the failed page not included."""
    stop_at(emulator, warehouse, 4)
    began = log(warehouse, "started_at")
    report = pull(emulator, warehouse, "first")
    orders, pages = emulator.world.count("orders"), len(all_pages(emulator))
    assert log(warehouse, "outcome, error, pages, requests, records, inserted, updated, unchanged") == [
        ("succeeded", None, pages, pages, orders, orders, 0, 0)
    ]
    assert (report.progress.pages, report.progress.records, report.rows) == (pages, orders, orders)
    assert log(warehouse, "started_at") == began


def test_report_of_a_resumed_pull_has_the_keys_of_both_halves(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """Its figures are the metadata of the materialization, and the sync log's are the same."""
    stop_at(emulator, warehouse, 4)
    report = pull(emulator, warehouse, "first")
    assert log(warehouse, "inserted") == [(report.counts.inserted,)]


def test_pull_may_be_resumed_more_than_once(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """Each try goes as far as it can."""
    for page in (2, 4, 6):
        fault = emulator.faults.add(Fault(fx.Status(503), "orders", page=page))
        with pytest.raises(StillFailing):
            pull(emulator, warehouse, "first")
        emulator.faults.remove(fault)
    emulator.requests.clear()
    pull(emulator, warehouse, "first")
    assert pages_asked(emulator) == all_pages(emulator)[5:]
    assert log(warehouse, "outcome, records") == [("succeeded", emulator.world.count("orders"))]
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_watermark_of_a_resumed_pull_is_its_first_start(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """Hours passed and loaded pages changed in between: the sync after it still begins before that."""
    world = emulator.world
    began = world.now
    stop_at(emulator, warehouse, 4)
    world.advance(timedelta(hours=3))
    for key in world.keys("orders", "status = 1"):
        world.change_order_date(key)
    for key in world.keys("orders")[: 3 * PAGE_SIZE]:
        world.touch("orders", key)
    report = pull(emulator, warehouse, "first")
    assert report.watermark_after is not None
    assert timedelta() <= began - report.watermark_after < timedelta(seconds=10)
    pull(emulator, warehouse, "second")
    assert_equals_world(emulator, warehouse, [ORDERS])


@pytest.mark.parametrize("code", [400, 404])
def test_retry_whose_cursor_has_expired_starts_again(
    emulator: Emulator, warehouse: WarehouseResource, code: int
) -> None:
    """Under the same number and with counts from zero; rows that are loaded already are left as they are."""
    stop_at(emulator, warehouse, 4)
    emulator.faults.add(Fault(fx.expired_cursor(code), "orders", page=4, times=1))
    report = pull(emulator, warehouse, "first")
    pages, orders = all_pages(emulator), emulator.world.count("orders")
    assert pages_asked(emulator) == [4, *pages]
    assert report.sync_id == 1
    assert log(warehouse, "outcome, pages, records, inserted, unchanged") == [
        ("succeeded", len(pages), orders, orders - 3 * PAGE_SIZE, 3 * PAGE_SIZE)
    ]
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_cursor_that_expires_in_the_middle_of_a_pull_starts_it_again(
    emulator: Emulator, warehouse: WarehouseResource
) -> None:
    """Once by itself, whoever is waiting."""
    emulator.faults.add(Fault(fx.expired_cursor(), "orders", page=3, times=1))
    pull(emulator, warehouse, "first")
    assert pages_asked(emulator) == [1, 2, 3, *all_pages(emulator)]
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_cursor_that_expires_twice_fails_the_pull(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """A circle of new beginnings has an end."""
    emulator.faults.add(Fault(fx.expired_cursor(), "orders", page=3))
    with pytest.raises(OrdergrooveError, match="cursor"):
        pull(emulator, warehouse, "first")
    assert pages_asked(emulator) == [1, 2, 3, 1, 2, 3]
    assert log(warehouse, "outcome, watermark_after") == [("failed", None)]


@pytest.mark.parametrize("between", ["another run", "another question"])
def test_no_resume_after_something_else(emulator: Emulator, warehouse: WarehouseResource, between: str) -> None:
    """A pull that was overtaken by another run, or a retry that asks for something else, reads everything."""
    stop_at(emulator, warehouse, 4)
    if between == "another run":
        pull(emulator, warehouse, "second", mode=PullMode.WHOLE_HISTORY)
        emulator.requests.clear()
    pull(emulator, warehouse, "first", mode=PullMode.WHOLE_HISTORY)
    assert pages_asked(emulator) == all_pages(emulator)
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_finished_pull_is_not_resumed(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """The same run asks again when it is executed again from the beginning, and changes nothing."""
    pull(emulator, warehouse, "first", mode=PullMode.WHOLE_HISTORY)
    emulator.requests.clear()
    report = pull(emulator, warehouse, "first", mode=PullMode.WHOLE_HISTORY)
    assert pages_asked(emulator) == all_pages(emulator)
    assert (report.sync_id, report.counts.unchanged) == (2, emulator.world.count("orders"))

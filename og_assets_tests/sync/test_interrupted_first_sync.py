"""A first sync that stopped after loaded batches: which later runs go on with it, and that nothing is lost."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.errors import CursorExpired, StillFailing, WrongKey
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.sync.pull import PullReport, record_refusal
from og_assets.sync.windows import PullMode
from og_assets.warehouse.progress import SyncPlan
from og_assets.warehouse.sync_log import RESUMABLE_FOR, begin_sync, fail_sync
from og_assets_tests.pulling import assert_equals_world, client_for, pull_one

BY_NAME = {object.name: object for object in OBJECTS}
ORDERS = BY_NAME["orders"]
PAGE_SIZE = 5

pytestmark = pytest.mark.usefixtures("batch_per_page")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A world with seven pages of orders or more, in which nothing happened lately."""
    world = World(customers=16)
    assert world.count("orders") > 6 * PAGE_SIZE
    world.advance(timedelta(hours=4))
    with Emulator(world) as running:
        yield running


def pages_asked(emulator: Emulator, object: OrdergrooveObject = ORDERS) -> list[int]:
    """The pages that were served since the last call, in their order."""
    pages = [served.request.page for served in emulator.requests if served.request.object == object.name]
    emulator.requests.clear()
    return pages


def all_pages(emulator: Emulator, object: OrdergrooveObject = ORDERS) -> list[int]:
    """The numbers of all pages."""
    return list(range(1, -(-emulator.world.count(object.name) // PAGE_SIZE) + 1))


def log(warehouse: WarehouseResource, columns: str) -> list[tuple[Any, ...]]:
    """The sync log, oldest first."""
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM ops.sync_runs ORDER BY sync_id").fetchall()


def pull(
    emulator: Emulator, warehouse: WarehouseResource, run_id: str, object: OrdergrooveObject = ORDERS, **asked: Any
) -> PullReport:
    """One pull, in many batches."""
    return pull_one(emulator, warehouse, object, run_id=run_id, page_size=PAGE_SIZE, **asked)


def stop_at(
    emulator: Emulator,
    warehouse: WarehouseResource,
    page: int,
    run_id: str = "first",
    object: OrdergrooveObject = ORDERS,
    **asked: Any,
) -> None:
    """A pull whose page fails for good, after the pages before it were loaded."""
    fault = emulator.faults.add(Fault(fx.Status(503), object.name, page=page))
    with pytest.raises(StillFailing):
        pull(emulator, warehouse, run_id, object, **asked)
    emulator.faults.remove(fault)
    emulator.requests.clear()


@pytest.mark.parametrize("page", [2, 4, 7])
def test_next_sync_asks_only_for_what_was_not_loaded(
    emulator: Emulator, warehouse: WarehouseResource, page: int
) -> None:
    """And then for what changed since the first began, which is next to nothing here."""
    stop_at(emulator, warehouse, page)
    pull(emulator, warehouse, "second")
    assert pages_asked(emulator) == [*all_pages(emulator)[page - 1 :], 1]
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_each_run_has_its_rows_in_the_log(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """The pull that goes on has the start and the counts of the whole; the one that stopped keeps its reason."""
    stop_at(emulator, warehouse, 4)
    report = pull(emulator, warehouse, "second")
    pages, orders = len(all_pages(emulator)), emulator.world.count("orders")
    assert log(warehouse, "run_id, outcome, error IS NULL, resumed_from, pages, records, inserted") == [
        ("first", "failed", False, None, 3, 3 * PAGE_SIZE, 3 * PAGE_SIZE),
        ("second", "succeeded", True, 1, pages, orders, orders),
        ("second", "succeeded", True, None, 1, 0, 0),
    ]
    began = log(warehouse, "started_at")
    assert began[0] == began[1] < began[2]
    assert (report.progress.pages, report.counts.inserted, report.rows) == (pages + 1, orders, orders)
    assert report.window.moves_watermark(report.watermark_before), "it covers all days, as a first sync does"


def test_it_says_so(emulator: Emulator, warehouse: WarehouseResource, caplog: pytest.LogCaptureFixture) -> None:
    """In the run's log, which the lines of `og sync` show."""
    stop_at(emulator, warehouse, 4)
    caplog.clear()
    with caplog.at_level(logging.INFO, "og_assets"):
        pull(emulator, warehouse, "second")
    first, then = [record.getMessage() for record in caplog.records if "orders: " in record.getMessage()][:2]
    assert first.startswith("orders: goes on after page 3 with the whole history that an earlier sync began at ")
    assert then.startswith("orders: pulls what changed since ")


def test_what_changed_in_between_is_there_after_the_sync_that_goes_on(
    emulator: Emulator, warehouse: WarehouseResource
) -> None:
    """On pages that were loaded and on those that were not, new rows too."""
    stop_at(emulator, warehouse, 4)
    world = emulator.world
    world.simulate_day()
    for key in world.keys("orders")[: 3 * PAGE_SIZE]:
        world.touch("orders", key)
    pull(emulator, warehouse, "second")
    assert_equals_world(emulator, warehouse, [ORDERS])


@pytest.mark.parametrize("expired", [False, True])
def test_watermark_is_the_first_start_until_what_changed_since_is_loaded(
    emulator: Emulator, warehouse: WarehouseResource, expired: bool
) -> None:
    """On Ordergroove's clock, though hours passed; also when the window begins again."""
    began = emulator.world.now
    stop_at(emulator, warehouse, 4)
    emulator.world.advance(timedelta(hours=3))
    if expired:
        emulator.faults.add(Fault(fx.expired_cursor(), "orders", page=4, times=1))
    pull(emulator, warehouse, "second")
    marks = [mark for (mark,) in log(warehouse, "watermark_after")]
    assert marks[0] is None
    assert timedelta() <= began - marks[1] < timedelta(seconds=10)
    assert len(marks) == (2 if expired else 3)
    assert expired or marks[2] > began + timedelta(hours=2)
    pull(emulator, warehouse, "third")
    assert_equals_world(emulator, warehouse, [ORDERS])


@pytest.mark.parametrize("code", [400, 404])
def test_window_begins_again_when_the_cursor_has_expired(
    emulator: Emulator, warehouse: WarehouseResource, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    """It says so, and counts what it has read itself."""
    stop_at(emulator, warehouse, 4)
    emulator.faults.add(Fault(fx.expired_cursor(code), "orders", page=4, times=1))
    pull(emulator, warehouse, "second")
    pages, orders = all_pages(emulator), emulator.world.count("orders")
    assert pages_asked(emulator) == [4, *pages]
    assert "Starting again from the first page" in caplog.text
    assert log(warehouse, "run_id, outcome, resumed_from, pages, records, unchanged")[1:] == [
        ("second", "succeeded", None, len(pages), orders, 3 * PAGE_SIZE)
    ]
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_a_cursor_that_stays_expired_fails_the_pull_and_the_next_sync_heals(
    emulator: Emulator, warehouse: WarehouseResource
) -> None:
    """It is asked for once in each run."""
    stop_at(emulator, warehouse, 4)
    fault = emulator.faults.add(Fault(fx.expired_cursor(), "orders", page=4))
    with pytest.raises(CursorExpired):
        pull(emulator, warehouse, "second")
    assert pages_asked(emulator) == [4, 1, 2, 3, 4]
    emulator.faults.remove(fault)
    pull(emulator, warehouse, "third")
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_several_runs_may_each_go_a_part_of_the_way(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """The start stays that of the first; a retry within a run knows that an earlier run began."""
    began = emulator.world.now
    stop_at(emulator, warehouse, 2)
    stop_at(emulator, warehouse, 4, "second")
    stop_at(emulator, warehouse, 6, "third")
    emulator.world.advance(timedelta(hours=1))
    for key in emulator.world.keys("orders"):
        emulator.world.touch("orders", key)
    pull(emulator, warehouse, "third")
    assert pages_asked(emulator) == [*all_pages(emulator)[5:], *all_pages(emulator)]
    assert log(warehouse, "run_id, resumed_from") == [("first", None), ("second", 1), ("third", 2), ("third", None)]
    assert timedelta() <= began - log(warehouse, "watermark_after")[2][0] < timedelta(seconds=10)
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_runs_that_loaded_nothing_and_sweeps_in_between_do_not_matter(
    emulator: Emulator, warehouse: WarehouseResource
) -> None:
    """A sync with a wrong key, one that dies before its first page, and the nightly sweep."""
    stop_at(emulator, warehouse, 4)
    record_refusal(
        ORDERS, warehouse, mode=PullMode.SINCE_WATERMARK, run_id="refused", error=WrongKey("customers", "no such key")
    )
    with warehouse.get_connection() as connection:
        began = log_start(connection)
        sweep = SyncPlan(object_name="orders", run_id="sweep", mode="sweep", started_at=began)
        fail_sync(connection, begin_sync(connection, sweep).sync_id, None)
    with pytest.raises(StillFailing):
        fault = emulator.faults.add(Fault(fx.Status(503), "orders"))
        pull(emulator, warehouse, "down")
    emulator.faults.remove(fault)
    emulator.requests.clear()
    pull(emulator, warehouse, "second")
    assert pages_asked(emulator) == [*all_pages(emulator)[3:], 1]
    assert_equals_world(emulator, warehouse, [ORDERS])


def log_start(connection: Any) -> Any:
    """When the newest pull began."""
    return connection.execute("SELECT arg_max(started_at, sync_id) FROM ops.sync_runs").fetchone()[0]


MODES = [(PullMode.SINCE_WATERMARK, PullMode.WHOLE_HISTORY), (PullMode.WHOLE_HISTORY, PullMode.SINCE_WATERMARK)]
MODES += [(mode, mode) for mode in PullMode if mode is not PullMode.SINCE_WATERMARK]


@pytest.mark.parametrize(("first", "second"), MODES)
def test_only_a_sync_goes_on_with_a_sync(
    emulator: Emulator, warehouse: WarehouseResource, first: PullMode, second: PullMode
) -> None:
    """Who asks for the whole history, or for days, means to read them now."""
    stop_at(emulator, warehouse, 4, mode=first)
    pull(emulator, warehouse, "second", mode=second)
    assert pages_asked(emulator) == all_pages(emulator)
    assert log(warehouse, "resumed_from") == [(None,), (None,)]


@pytest.mark.parametrize("changed", ["zone", "masking", "salt", "API key", "API key beside a salt"])
def test_records_that_would_be_read_in_another_way_are_read_again(
    emulator: Emulator, warehouse: WarehouseResource, changed: str
) -> None:
    """Who stops a first sync to correct a setting gets every row as it says now."""
    salted = Masking(PersonalData.HASH, b"s" * 32)
    first, second = {
        "zone": ({"source_tz": "America/Chicago"}, {"source_tz": "America/New_York"}),
        "masking": ({}, {"masking": Masking(PersonalData.DROP)}),
        "salt": ({"masking": salted}, {"masking": Masking(PersonalData.HASH, b"t" * 32)}),
        "API key": ({"masking": Masking(digest_key=b"one")}, {"masking": Masking(digest_key=b"two")}),
        "API key beside a salt": ({"masking": salted}, {"masking": Masking(PersonalData.HASH, b"s" * 32, b"k")}),
    }[changed]
    stop_at(emulator, warehouse, 4, **first)
    pull(emulator, warehouse, "second", **second)
    assert pages_asked(emulator) == all_pages(emulator)


def test_another_address_is_read_from_its_first_page(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """A `next` of staging would be refused at production, for as long as it is remembered."""
    stop_at(emulator, warehouse, 4)
    with Emulator(emulator.world) as production, client_for(production) as client:
        pull(emulator, warehouse, "second", client=client)
        assert pages_asked(production) == all_pages(production)


def test_what_began_more_than_a_day_ago_is_read_again(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """Nobody knows how long a cursor means the same place in a list that changes."""
    stop_at(emulator, warehouse, 4)
    with warehouse.get_connection() as connection:
        connection.execute("UPDATE ops.sync_runs SET started_at = started_at - ?", [RESUMABLE_FOR])
    pull(emulator, warehouse, "second")
    assert pages_asked(emulator) == all_pages(emulator)


def test_a_sync_after_the_first_one_is_read_again(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """What changed since a watermark is soon read."""
    pull(emulator, warehouse, "first")
    for key in emulator.world.keys("orders"):
        emulator.world.touch("orders", key)
    stop_at(emulator, warehouse, 4, "second")
    pull(emulator, warehouse, "third")
    assert pages_asked(emulator) == all_pages(emulator)
    assert_equals_world(emulator, warehouse, [ORDERS])


def test_an_object_that_is_read_whole_is_read_again(emulator: Emulator, warehouse: WarehouseResource) -> None:
    """Rows that a list leaves out are marked as missing, and two halves of two lists are no list."""
    object = next(each for each in OBJECTS if not each.is_incremental and emulator.world.count(each.name) > PAGE_SIZE)
    stop_at(emulator, warehouse, 2, object=object)
    pull(emulator, warehouse, "second", object)
    assert pages_asked(emulator, object) == all_pages(emulator, object)

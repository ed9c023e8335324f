"""Changes at the edges of a pull, each by itself: in its very second, on its pages, late, and outside its days."""

import logging
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shop_life import commit_late

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Answer, Request
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import CHICAGO, PullMode
from og_assets.warehouse.sync_log import read_watermark
from og_assets_tests.pulling import assert_equals_world, pull_one

BY_NAME = {object.name: object for object in OBJECTS}
CHANGING = [object for object in OBJECTS if object.is_incremental or object.name in ("products", "offer_profiles")]
"""What a sync reads here: all objects with a time filter, and two of those that are read whole."""
ORDERS, ITEMS, CUSTOMERS = BY_NAME["orders"], BY_NAME["items"], BY_NAME["customers"]
ZONES = list(product(("America/Chicago", "America/New_York"), ("America/New_York", "America/Chicago")))
WINTER = datetime(2025, 1, 14, 18, tzinfo=UTC)
"""Where filters are read in Chicago, the clock of `*_start` then gives no overlap that would hide a mistake."""
in_every_zone = pytest.mark.parametrize(("filter_zone", "stamp_zone"), ZONES)


def emulator_of(world: World, filter_zone: str = "America/Chicago", stamp_zone: str = "America/New_York") -> Emulator:
    """A world behind a server that reads and writes clocks in these zones."""
    return Emulator(world, filter_zone=ZoneInfo(filter_zone), stamp_zone=ZoneInfo(stamp_zone))


def sync(emulator: Emulator, warehouse: WarehouseResource, **how: Any) -> None:
    """One pull of each object since its watermark."""
    for object in CHANGING:
        pull_one(emulator, warehouse, object, **how)


def watermark_of(warehouse: WarehouseResource, object_name: str = "orders") -> datetime | None:
    """Where an object stands."""
    with warehouse.get_connection(read_only=True) as connection:
        return read_watermark(connection, object_name)


def rows_of(warehouse: WarehouseResource, object_name: str = "orders") -> list[tuple[Any, ...]]:
    """A table as it is, metadata included."""
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(f"SELECT * FROM ordergroove.{object_name} ORDER BY ALL").fetchall()


def column_of(warehouse: WarehouseResource, column: str, object_name: str = "orders") -> dict[str, Any]:
    """One column of a table, by key."""
    key = BY_NAME[object_name].key[0]
    with warehouse.get_connection(read_only=True) as connection:
        return dict(connection.execute(f"SELECT {key}, {column} FROM ordergroove.{object_name}").fetchall())


def first_pages(emulator: Emulator, object_name: str) -> int:
    """How many walks through a list were begun."""
    return sum(
        served.request.object == object_name and "cursor" not in served.request.query for served in emulator.requests
    )


@in_every_zone
def test_change_in_the_very_second_of_the_watermark_is_there_after_the_next_sync(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str
) -> None:
    """The world's clock stands still: what changes after the pull has the second in which the pull began."""
    world = World(customers=3, now=WINTER)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        sync(emulator, warehouse, source_tz=stamp_zone)
        watermark = watermark_of(warehouse)
        assert watermark is not None
        assert timedelta() < world.now - watermark < timedelta(seconds=5)
        for name in ("customers", "addresses", "subscriptions", "orders"):
            for key in world.keys(name):
                world.touch(name, key)
        world.edit_customer(world.keys("customers")[0])
        world.add_one_time_item(world.keys("orders", "status = 1")[0])
        sync(emulator, warehouse, source_tz=stamp_zone)
        assert_equals_world(emulator, warehouse, CHANGING)


@in_every_zone
@pytest.mark.parametrize("early", [0, 1, 599, 600])
def test_change_at_the_first_second_of_the_window_is_read(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str, early: int
) -> None:
    """The window begins a lookback before the watermark, that second included."""
    world = World(customers=3, now=WINTER)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        pull_one(emulator, warehouse, ORDERS, source_tz=stamp_zone)
        watermark = watermark_of(warehouse)
        assert watermark is not None
        stamp = (watermark - timedelta(seconds=early)).replace(microsecond=0)
        key, _ = commit_late(world, "orders", 0, world.now - stamp) or ("", 0)
        pull_one(emulator, warehouse, ORDERS, source_tz=stamp_zone)
        assert column_of(warehouse, "updated")[key].replace(tzinfo=UTC) == stamp
        assert_equals_world(emulator, warehouse, [ORDERS])


@in_every_zone
@pytest.mark.parametrize("day", [date(2025, 3, 9), date(2025, 6, 4), date(2025, 11, 2)])
def test_changes_in_the_first_and_last_second_of_a_backfilled_day_are_read(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str, day: date
) -> None:
    """From midnight to midnight in Chicago, both included, also on the days of 23 and 25 hours."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHICAGO).astimezone(UTC)
    next_midnight = datetime(day.year, day.month, day.day, tzinfo=CHICAGO) + timedelta(days=1)
    world = World(customers=6, now=midnight)
    customers = world.keys("customers")
    world.edit_customer(customers[0])
    world.advance(next_midnight.astimezone(UTC) - world.now - timedelta(seconds=1))
    world.edit_customer(customers[1])
    world.advance(timedelta(seconds=1))
    world.edit_customer(customers[2])
    world.advance(timedelta(days=2))
    world.edit_customer(customers[3])
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        pull_one(emulator, warehouse, CUSTOMERS, mode=PullMode.DAYS, days=(day, day), source_tz=stamp_zone)
    assert set(column_of(warehouse, "last_updated", "customers")) == set(customers[:3])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_row_that_changes_while_its_page_is_read_is_there_after_the_next_sync(
    warehouse: WarehouseResource, when: Any, page: int
) -> None:
    """Whether the page shows the change or just misses it."""
    world = World(customers=12, now=WINTER)
    assert world.count("orders") > 15

    def change_all(world: World, request: Request) -> None:
        world.advance(timedelta(minutes=20))
        for key in world.keys("orders", "status = 1"):
            world.change_order_date(key)

    with emulator_of(world) as emulator:
        emulator.faults.add(Fault(fx.Call(change_all, when), "orders", page=page, times=1))
        began = world.now
        pull_one(emulator, warehouse, ORDERS, page_size=5)
        watermark = watermark_of(warehouse)
        assert watermark is not None
        # The answer to the first page tells the time after the change, when that happens on the first page.
        assert watermark < (world.now if page == 1 else began)
        pull_one(emulator, warehouse, ORDERS, page_size=5)
        assert_equals_world(emulator, warehouse, [ORDERS])


@in_every_zone
@pytest.mark.parametrize("late", [1, 600])
@pytest.mark.parametrize("name", ["orders", "customers"])
def test_change_that_the_server_commits_late_is_there_after_the_next_sync(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str, late: int, name: str
) -> None:
    """Visible only after a sync, with a stamp of before it: the lookback reaches it."""
    world = World(customers=3, now=WINTER)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        pull_one(emulator, warehouse, BY_NAME[name], source_tz=stamp_zone)
        commit_late(world, name, 0, timedelta(seconds=late))
        world.advance(timedelta(days=1))
        pull_one(emulator, warehouse, BY_NAME[name], source_tz=stamp_zone)
        assert_equals_world(emulator, warehouse, [BY_NAME[name]])


def test_row_that_moves_across_pages_because_it_changes_is_there_after_the_next_sync(
    warehouse: WarehouseResource,
) -> None:
    """The first row of page 2 changes and is served on no page; then the last of page 1 is served once more."""
    world = World(customers=12, now=WINTER)
    moving = world.keys("orders")[5]

    def move(world: World, request: Request) -> None:
        world.touch("orders", moving)

    with emulator_of(world) as emulator:
        emulator.faults.add(
            Fault(fx.Call(move), "orders", page=2, times=1),
            Fault(fx.ShiftPage(1), "orders", page=2, times=1),
            Fault(fx.ShiftPage(-1), "orders", page=3, times=1),
        )
        pull_one(emulator, warehouse, ORDERS, page_size=5)
        assert moving not in column_of(warehouse, "updated")
        pull_one(emulator, warehouse, ORDERS, page_size=5)
        assert_equals_world(emulator, warehouse, [ORDERS])


@pytest.mark.parametrize("page", [1, 2, 3])
def test_rows_that_come_and_go_while_pages_are_read_are_right_after_the_next_sync(
    warehouse: WarehouseResource, page: int
) -> None:
    """New customers at the end, an item to another order, an order that is emptied and deleted."""
    world = World(customers=12, now=WINTER)

    def happen(world: World, request: Request) -> None:
        world.subscribe()
        unsent = world.keys("items", '"order" IN (SELECT public_id FROM orders WHERE status = 1)')
        world.move_item(unsent[0])
        for item in world.items_of(world.row("items", unsent[-1])["order"]):
            world.remove_item(item["public_id"])

    with emulator_of(world) as emulator:
        sync(emulator, warehouse)
        world.advance(timedelta(hours=1))
        for name in ("orders", "items"):
            emulator.faults.add(Fault(fx.Call(happen), name, page=page, times=1))
        pull_one(emulator, warehouse, ORDERS, page_size=5, mode=PullMode.WHOLE_HISTORY)
        pull_one(emulator, warehouse, ITEMS, page_size=5, mode=PullMode.WHOLE_HISTORY)
        sync(emulator, warehouse, page_size=5)
        assert_equals_world(emulator, warehouse, CHANGING)


def test_newer_row_that_looks_older_in_the_repeated_autumn_hour_wins(warehouse: WarehouseResource) -> None:
    """01:10 comes after 01:50 in that night: the later fetch counts, not the larger stamp."""
    world = World(customers=3, now=datetime(2025, 11, 2, 5, 50, tzinfo=UTC))
    customer = world.keys("customers")[0]
    with emulator_of(world) as emulator:
        world.edit_customer(customer, phone_number="at 01:50 in summer time")
        pull_one(emulator, warehouse, CUSTOMERS)
        before = column_of(warehouse, "last_updated", "customers")[customer]
        world.advance(timedelta(minutes=20))
        world.edit_customer(customer, phone_number="at 01:10 in winter time")
        pull_one(emulator, warehouse, CUSTOMERS)
        assert column_of(warehouse, "last_updated", "customers")[customer] < before
        assert column_of(warehouse, "phone_number", "customers")[customer] == "at 01:10 in winter time"
        assert_equals_world(emulator, warehouse, [CUSTOMERS])


def test_slow_pull_does_not_bring_back_what_a_later_one_replaced(warehouse: WarehouseResource) -> None:
    """It has read pages that it has not loaded yet, when another run reads them anew and moves the watermark."""
    world = World(customers=12, now=WINTER)

    def overtake(world: World, request: Request) -> None:
        for key in world.keys("orders", "status = 1"):
            world.change_order_date(key)
        world.advance(timedelta(hours=1))
        pull_one(emulator, warehouse, ORDERS)

    with emulator_of(world) as emulator:
        pull_one(emulator, warehouse, ORDERS)
        world.advance(timedelta(hours=1))
        last_page = -(-world.count("orders") // 5)
        emulator.faults.add(Fault(fx.Call(overtake), "orders", page=last_page, times=1))
        pull_one(emulator, warehouse, ORDERS, page_size=5, mode=PullMode.WHOLE_HISTORY)
        assert_equals_world(emulator, warehouse, [ORDERS])
        pull_one(emulator, warehouse, ORDERS)
        assert_equals_world(emulator, warehouse, [ORDERS])


@in_every_zone
def test_backfill_reads_its_days_alone_and_leaves_the_watermark(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str
) -> None:
    """What changed after the days asked for waits for a sync; the safe clocks add no more than two hours."""
    world = World(customers=40)
    today = world.now.astimezone(CHICAGO).date()
    first, last = today - timedelta(days=20), today - timedelta(days=11)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        pull_one(emulator, warehouse, ORDERS, mode=PullMode.DAYS, days=(first, last), source_tz=stamp_zone)
        assert watermark_of(warehouse) is None
        start = datetime(first.year, first.month, first.day, tzinfo=CHICAGO)
        end = datetime(last.year, last.month, last.day, tzinfo=CHICAGO) + timedelta(days=1)
        read = column_of(warehouse, "updated")
        changed = {row["public_id"]: row["updated"] for row in world.truth("orders")}
        assert {key for key, at in changed.items() if start <= at <= end} <= set(read)
        assert all(start - timedelta(hours=2) <= changed[key] <= end + timedelta(hours=2) for key in read)
        assert 0 < len(read) < len(changed) / 2

        sync(emulator, warehouse, source_tz=stamp_zone)
        watermark = watermark_of(warehouse)
        world.advance(timedelta(hours=1))
        world.change_order_date(order := world.keys("orders", "status = 1")[0])
        stamp = column_of(warehouse, "updated")[order]
        pull_one(emulator, warehouse, ORDERS, mode=PullMode.DAYS, days=(first, last), source_tz=stamp_zone)
        assert watermark_of(warehouse) == watermark
        assert column_of(warehouse, "updated")[order] == stamp


@in_every_zone
def test_running_an_old_day_again_changes_nothing(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str
) -> None:
    """No row is written, not even its metadata."""
    world = World(customers=10)
    day = world.now.astimezone(CHICAGO).date() - timedelta(days=9)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        sync(emulator, warehouse, source_tz=stamp_zone)
        for object in CHANGING:
            before = rows_of(warehouse, object.name)
            report = pull_one(emulator, warehouse, object, mode=PullMode.DAYS, days=(day, day), source_tz=stamp_zone)
            assert (report.counts.inserted, report.counts.updated) == (0, 0), object.name
            assert rows_of(warehouse, object.name) == before


def test_backfill_that_ends_today_catches_up_and_moves_the_watermark(warehouse: WarehouseResource) -> None:
    """Its window is open at its end and reaches back to the watermark: nothing is left out."""
    world = World(customers=5)
    with emulator_of(world) as emulator:
        pull_one(emulator, warehouse, ORDERS)
        for _ in range(4):
            world.simulate_day()
        before = watermark_of(warehouse)
        today = world.now.astimezone(CHICAGO).date()
        pull_one(emulator, warehouse, ORDERS, mode=PullMode.DAYS, days=(today, today))
        after = watermark_of(warehouse)
        assert before is not None
        assert after is not None
        assert after - before > timedelta(days=3)
        assert_equals_world(emulator, warehouse, [ORDERS])


@in_every_zone
@pytest.mark.parametrize("now", [datetime(2025, 3, 7, 18, tzinfo=UTC), datetime(2025, 10, 31, 18, tzinfo=UTC)])
def test_outage_of_three_days_over_a_clock_change_heals_in_one_sync(
    warehouse: WarehouseResource, filter_zone: str, stamp_zone: str, now: datetime
) -> None:
    """One walk through each list, and every table is the truth."""
    world = World(customers=5, now=now)
    with emulator_of(world, filter_zone, stamp_zone) as emulator:
        sync(emulator, warehouse, source_tz=stamp_zone)
        for _ in range(3):
            world.simulate_day()
        emulator.requests.clear()
        sync(emulator, warehouse, source_tz=stamp_zone)
        assert_equals_world(emulator, warehouse, CHANGING)
        for object in CHANGING:
            assert first_pages(emulator, object.name) == 1


def test_failed_pull_leaves_the_watermark(warehouse: WarehouseResource, batch_per_page: None) -> None:
    """Whatever batches it loaded."""
    world = World(customers=12)
    with emulator_of(world) as emulator:
        pull_one(emulator, warehouse, ORDERS)
        before = watermark_of(warehouse)
        world.advance(timedelta(hours=2))
        emulator.faults.add(Fault(fx.Status(403), "orders", page=3))
        with pytest.raises(Exception, match="page 3"):
            pull_one(emulator, warehouse, ORDERS, page_size=5, mode=PullMode.WHOLE_HISTORY)
        assert watermark_of(warehouse) == before


@pytest.mark.parametrize(("seconds", "warnings"), [(-3600, 1), (-75, 1), (-20, 0), (20, 0), (75, 1), (3600, 1)])
def test_clock_skew_above_a_minute_is_a_warning(
    warehouse: WarehouseResource, caplog: pytest.LogCaptureFixture, seconds: int, warnings: int
) -> None:
    """Once a pull; the watermark is on Ordergroove's clock either way, never ahead of it."""
    world = World(customers=12, now=datetime.now(UTC) + timedelta(seconds=seconds))
    with emulator_of(world) as emulator, caplog.at_level(logging.WARNING, logger="og_assets"):
        report = pull_one(emulator, warehouse, ORDERS, page_size=5)
    assert len([record for record in caplog.records if "clock" in record.getMessage()]) == warnings
    assert report.watermark_after is not None
    assert timedelta() <= world.now - report.watermark_after < timedelta(seconds=10)
    assert abs((report.progress.clock_skew_seconds or 0) - seconds) < 10


class WithoutDate(fx.Effect):
    """An answer whose `Date` says nothing."""

    def encode(self, answer: Answer, body: bytes) -> bytes:
        answer.headers["Date"] = "no date"
        return body


def test_without_a_server_date_the_watermark_is_our_own_start(warehouse: WarehouseResource) -> None:
    """The only clock that is left."""
    began = datetime.now(UTC)
    with emulator_of(World(customers=3)) as emulator:
        emulator.faults.add(Fault(WithoutDate()))
        report = pull_one(emulator, warehouse, ORDERS)
    assert report.watermark_after is not None
    assert began <= report.watermark_after <= datetime.now(UTC)
    assert report.progress.clock_skew_seconds is None

"""The client against a whole Ordergroove: every row of every list, in windows of any reading, through faults."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from og_assets.emulator.effects import BrokenGzip, Html, Reset, Status, Truncate
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.read_ahead import read_ahead
from og_assets.ordergroove.retry import RetryPolicy
from og_assets.sync.windows import SyncWindow, segments

NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
BY_NAME = {object.name: object for object in OBJECTS}
ORDERS = BY_NAME["orders"]


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, customers=20)


@pytest.fixture
def emulator(world: World) -> Iterator[Emulator]:
    with Emulator(world) as running:
        yield running


def pull(emulator: Emulator, object: OrdergrooveObject, window: SyncWindow, page_size: int = 100) -> list[str]:
    """The keys of all rows of a window, in the order in which they came."""
    retry = RetryPolicy(first_delay=0.0, max_delay=0.0)
    with OrdergrooveClient(emulator.url, EMULATOR_KEY, requests_per_minute=None, retry=retry) as client:
        pages = read_ahead(client.pages(object, window.filters(object), page_size=page_size))
        rows = [json.loads(record) for page in pages for record in page.records]
    return ["|".join(str(row[name]) for name in object.key) for row in rows]


@pytest.mark.parametrize("name", [object.name for object in OBJECTS if len(object.key) == 1])
def test_every_row_of_every_list_is_read_once(emulator: Emulator, world: World, name: str) -> None:
    """Hidden products and offer profiles included."""
    key = BY_NAME[name].key[0]
    truth = [str(row[key]) for row in world.truth(name)]
    assert truth
    assert sorted(pull(emulator, BY_NAME[name], SyncWindow(), page_size=7)) == sorted(truth)


@pytest.mark.parametrize(
    "filter_zone", [NEW_YORK, CHICAGO, timezone(timedelta(hours=-5)), timezone(timedelta(hours=-6))]
)
@pytest.mark.parametrize("stamp_zone", [NEW_YORK, CHICAGO])
def test_window_holds_every_row_changed_in_it_in_any_zone(
    world: World, stamp_zone: tzinfo, filter_zone: tzinfo
) -> None:
    """Both edges included, to the second."""
    changes = sorted({row["updated"] for row in world.truth("orders")})
    start, end = changes[len(changes) // 3], changes[2 * len(changes) // 3]
    changed = {row["public_id"] for row in world.truth("orders") if start <= row["updated"] <= end}
    with Emulator(world, stamp_zone=stamp_zone, filter_zone=filter_zone) as emulator:
        read = pull(emulator, ORDERS, SyncWindow(start, end))
    assert changed <= set(read)
    assert len(read) < world.count("orders")


def test_segments_together_are_the_whole_history(emulator: Emulator, world: World) -> None:
    """Whatever was changed before the first month or after the last is in them."""
    months = segments(datetime(2024, 6, 1, tzinfo=UTC).date(), datetime(2025, 2, 1, tzinfo=UTC).date())
    read = {key for window in months for key in pull(emulator, ORDERS, window)}
    assert read == set(world.keys("orders"))


def test_faults_that_pass_cost_no_row_and_add_none(emulator: Emulator, world: World) -> None:
    """A rate limit, a reset, a cut body, a broken one and a maintenance page, one after the other."""
    effects = [Status(429), Reset(), Truncate(), BrokenGzip(), Html(), Status(503)]
    faults = [Fault(effect, path="orders", nth=2 + 2 * turn) for turn, effect in enumerate(effects)]
    emulator.faults.add(*faults)
    assert sorted(pull(emulator, ORDERS, SyncWindow(), page_size=20)) == sorted(world.keys("orders"))
    assert [fault.struck for fault in faults] == [1] * len(faults)


def test_row_that_was_deleted_is_gone_and_the_others_are_not(emulator: Emulator, world: World) -> None:
    """404 for the one, the body for the other."""
    key = world.keys("orders")[0]
    with OrdergrooveClient(emulator.url, EMULATOR_KEY, requests_per_minute=None) as client:
        body = client.retrieve(ORDERS, key)
        assert body is not None
        assert json.loads(body)["public_id"] == key
        assert client.retrieve(ORDERS, "0" * 32) is None


def test_preflight_sees_that_the_key_is_good(emulator: Emulator) -> None:
    """Two customers, and a clock."""
    with OrdergrooveClient(emulator.url, EMULATOR_KEY, requests_per_minute=None) as client:
        seen = client.preflight()
    assert seen.sees_several_customers
    assert seen.clock_skew is not None

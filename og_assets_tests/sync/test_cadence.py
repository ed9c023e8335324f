"""What has no time filter and takes long is read whole once a night; what changed rows name of it is looked up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.subscription_changes import change_payment
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import ReadEvery
from og_assets.sync import cadence
from og_assets.sync.cadence import look_up_named, looked_up_after, waits_for_night, what_waits
from og_assets.sync.pull import PullReport
from og_assets.sync.source import Source
from og_assets.warehouse.status import WholeReading, last_whole_reading
from og_assets_tests.pulling import assert_equals_world, client_for, pull_one

PAYMENTS, SUBSCRIPTIONS, ORDERS = BY_NAME["payments"], BY_NAME["subscriptions"], BY_NAME["orders"]
NOON, EVENING = datetime(2026, 3, 10, 17, tzinfo=UTC), datetime(2026, 3, 11, 1, tzinfo=UTC)
"""Ticks of the schedules: 12:00 and 20:00 in Chicago on 10 March."""
LONG, SHORT = timedelta(minutes=5), timedelta(minutes=4)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("last", "read_every", "now", "waits"),
    [
        (None, ReadEvery.NIGHT, NOON, False),
        (WholeReading(EVENING - DAY, LONG), None, NOON, True),
        (WholeReading(EVENING - DAY, SHORT), None, NOON, False),
        (WholeReading(EVENING - DAY, LONG), None, EVENING, False),
        (WholeReading(EVENING - DAY, SHORT), ReadEvery.NIGHT, NOON, True),
        (WholeReading(EVENING - DAY, LONG), ReadEvery.SYNC, NOON, False),
        # The sync of last evening failed: the one at noon reads it.
        (WholeReading(EVENING - 2 * DAY, LONG), ReadEvery.NIGHT, NOON, False),
        # Somebody synced in the afternoon: the evening still reads it.
        (WholeReading(NOON + timedelta(hours=5), LONG), ReadEvery.NIGHT, EVENING, False),
        (WholeReading(EVENING, LONG), ReadEvery.NIGHT, EVENING + timedelta(hours=1), True),
    ],
)
def test_the_first_sync_of_the_night_reads_what_takes_long(
    last: WholeReading | None,
    read_every: ReadEvery | None,
    now: datetime,
    waits: bool,
) -> None:
    """A setting wins over how long it took, and a night that was missed is made up for."""
    assert waits_for_night(last, read_every, now) is waits


def test_only_what_rows_name_and_can_be_retrieved_is_looked_up() -> None:
    """Cancel reasons have no way to be retrieved; customers have a time filter."""
    assert [object.name for object in looked_up_after(SUBSCRIPTIONS)] == ["products", "payments"]
    assert looked_up_after(ORDERS) == (PAYMENTS,)
    assert looked_up_after(BY_NAME["addresses"]) == ()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(World(seed=3, customers=30, now=datetime.now(UTC))) as running:
        yield running


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    return WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))


def pay_anew(emulator: Emulator, count: int) -> list[str]:
    """As many subscriptions are paid by payments that were not there before."""
    live = [row["public_id"] for row in emulator.world.truth("subscriptions") if row["live"]][:count]
    return [change_payment(emulator.world, subscription) for subscription in live]


def look_up(emulator: Emulator, warehouse: WarehouseResource, report: PullReport) -> int:
    """What the step of subscriptions does after its pull, while payments wait for the night."""
    with client_for(emulator) as client:
        source = Source(client, SourceClock("America/New_York"), KEEPING)
        return look_up_named(SUBSCRIPTIONS, report, PAYMENTS, source, warehouse, run_id="a run")


def test_payments_of_changed_subscriptions_are_there_before_the_night(
    emulator: Emulator, warehouse: WarehouseResource
) -> None:
    """Each costs one request, no list is read, and no payment is taken for missing."""
    whole = pull_one(emulator, warehouse, PAYMENTS)
    pull_one(emulator, warehouse, SUBSCRIPTIONS)
    payments = pay_anew(emulator, 3)
    report = pull_one(emulator, warehouse, SUBSCRIPTIONS)
    before = emulator.served["payments"]
    assert look_up(emulator, warehouse, report) == len(set(payments)) == 3
    assert emulator.served["payments"] == before + 3
    assert_equals_world(emulator, warehouse, [PAYMENTS])
    with warehouse.get_connection() as connection:
        assert connection.execute("SELECT count(*) FROM ordergroove.payments WHERE is_missing").fetchone() == (0,)
        assert connection.execute(
            "SELECT mode, outcome, requests, records, inserted FROM ops.sync_runs ORDER BY sync_id DESC LIMIT 1"
        ).fetchone() == ("look_up", "succeeded", 3, 3, 3)
    # The look-up is no reading of all: the night still comes.
    with warehouse.get_connection() as connection:
        last = last_whole_reading(connection, "payments")
        assert last is not None
        assert connection.execute(
            "SELECT sync_id FROM ops.sync_runs WHERE started_at = ?", [last.started_at]
        ).fetchone() == (whole.sync_id,)
    assert what_waits([PAYMENTS], warehouse, {"payments": ReadEvery.NIGHT}) == {"payments": last}
    assert what_waits([PAYMENTS], warehouse, {}) == {}
    pull_one(emulator, warehouse, PAYMENTS)
    assert_equals_world(emulator, warehouse, [PAYMENTS])


def test_what_nobody_answers_for_is_left_to_the_night(
    emulator: Emulator, warehouse: WarehouseResource, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken payment does not stop subscriptions, and the others are looked up."""
    pull_one(emulator, warehouse, PAYMENTS)
    pull_one(emulator, warehouse, SUBSCRIPTIONS)
    broken, *others = pay_anew(emulator, 3)
    report = pull_one(emulator, warehouse, SUBSCRIPTIONS)
    emulator.faults.add(Fault(fx.Status(500), path=f"/payments/{broken}/"))
    assert look_up(emulator, warehouse, report) == len(others)
    assert "left to the sync at night" in caplog.text
    emulator.faults.clear()
    pull_one(emulator, warehouse, PAYMENTS)
    assert_equals_world(emulator, warehouse, [PAYMENTS])


def test_those_that_the_warehouse_lacks_come_first(
    emulator: Emulator, warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the first sync's subscriptions all payments are named; a few look-ups go to the new ones."""
    pull_one(emulator, warehouse, PAYMENTS)
    payments = pay_anew(emulator, 2)
    report = pull_one(emulator, warehouse, SUBSCRIPTIONS)
    monkeypatch.setattr(cadence, "LOOKED_UP_AT_MOST", 2)
    assert look_up(emulator, warehouse, report) == 2
    with warehouse.get_connection() as connection:
        found = connection.execute("SELECT count(*) FROM ordergroove.payments WHERE public_id IN ?", [payments])
        assert found.fetchone() == (2,)

"""The two schedules: when they tick, what they ask for, when they skip, and that the run they ask for loads rows."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from dagster_jobs import failure_messages, instance_in, run_here, sync_job, today

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.jobs import range_tags
from og_assets.automation.schedules import days_to_sync
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import CHICAGO
from og_assets_tests.code_location import definitions
from og_assets_tests.pulling import assert_equals_world, sync

SCHEDULES = {12: "sync_at_noon", 20: "sync_at_8pm"}
FIRST_PARTITION = date(2025, 1, 1)


@pytest.fixture
def instance(variables: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    """An instance in which nothing has run."""
    with instance_in(variables) as instance:
        yield instance


def schedule_called(name: str) -> dg.ScheduleDefinition:
    """A schedule of the code location of this environment."""
    return definitions().get_repository_def().get_schedule_def(name)


def tick(instance: dg.DagsterInstance, name: str, at: datetime) -> dg.RunRequest | str:
    """The run that a tick asks for, or why it skips."""
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
        answer = schedule_called(name).evaluate_tick(context)
    if answer.skip_message:
        return answer.skip_message
    (request,) = answer.run_requests or []
    return request


@pytest.mark.parametrize("hour", [12, 20])
@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2026, 11, 1)])
def test_ticks_at_its_local_hour_on_both_sides_of_a_clock_change(hour: int, change: date) -> None:
    """Dagster's own scheduler clock, over the days around each change of 2026."""
    schedule = schedule_called(SCHEDULES[hour])
    start = datetime.combine(change - timedelta(days=2), datetime.min.time(), tzinfo=CHICAGO)
    ticks = schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, str(schedule.execution_timezone), ascending=True
    )
    local = [moment.astimezone(ZoneInfo("America/Chicago")) for moment in itertools.islice(ticks, 5)]
    assert [(moment.date() - change).days for moment in local] == [-2, -1, 0, 1, 2]
    assert {(moment.hour, moment.minute) for moment in local} == {(hour, 0)}


def test_first_tick_asks_for_today(instance: dg.DagsterInstance) -> None:
    """Without a watermark the run pulls the whole history, whatever its days; test_covered_days.py shows the others."""
    now = datetime.now(CHICAGO)
    request = tick(instance, "sync_at_noon", now)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == now.astimezone(UTC).isoformat()
    assert request.tags.items() >= range_tags(today(), today()).items()


def test_three_days_of_outage_heal_in_one_run_that_turns_all_days_green(
    instance: dg.DagsterInstance, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last sync was three days ago, three days of changes were missed, and one tick asks for all of them."""
    outage = timedelta(days=3)
    warehouse = WarehouseResource(database=variables["ORDERGROOVE_WAREHOUSE"])
    with Emulator(World(customers=12, now=datetime.now(UTC) - outage)) as emulator:
        sync(emulator, warehouse)
        for _ in range(outage.days):
            emulator.world.simulate_day()
        request = tick(instance, "sync_at_8pm", datetime.now(CHICAGO))
        assert isinstance(request, dg.RunRequest)
        days = [today() - outage + timedelta(days=number) for number in range(4)]
        assert request.tags.items() >= range_tags(days[0], days[-1]).items()
        monkeypatch.setenv("ORDERGROOVE_BASE_URL", emulator.url)
        healing = run_here(instance, sync_job(), tags=request.tags)
        assert failure_messages(instance, healing.run_id) == []
        assert healing.success
        assert_equals_world(emulator, warehouse)
    for object in OBJECTS:
        green = instance.get_materialized_partitions(dg.AssetKey(["ordergroove", object.name]))
        assert green >= {day.isoformat() for day in days}, object.name


def test_tick_skips_while_a_sync_is_waiting_and_says_which(instance: dg.DagsterInstance) -> None:
    """The next sync catches up anyway, so two at once would only wait for each other."""
    waiting = instance.create_run_for_job(sync_job(), status=dg.DagsterRunStatus.NOT_STARTED)
    answer = tick(instance, "sync_at_noon", datetime.now(CHICAGO))
    assert isinstance(answer, str)
    assert waiting.run_id in answer


def test_finished_sync_does_not_hold_up_a_tick(instance: dg.DagsterInstance) -> None:
    """Only runs that still go on count."""
    instance.create_run_for_job(sync_job(), status=dg.DagsterRunStatus.FAILURE)
    assert isinstance(tick(instance, "sync_at_noon", datetime.now(CHICAGO)), dg.RunRequest)


def test_days_to_sync_reach_from_the_oldest_watermark_to_today() -> None:
    """In days of Chicago; a watermark of before the first partition or from the future stays within them."""
    day = date(2026, 7, 3)
    assert days_to_sync(datetime(2026, 7, 1, 4, 59, tzinfo=UTC), day, FIRST_PARTITION) == (date(2026, 6, 30), day)
    assert days_to_sync(datetime(2026, 7, 1, 5, 0, tzinfo=UTC), day, FIRST_PARTITION) == (date(2026, 7, 1), day)
    assert days_to_sync(datetime(2020, 1, 1, tzinfo=UTC), day, FIRST_PARTITION) == (date(2025, 1, 1), day)
    assert days_to_sync(datetime(2027, 1, 1, tzinfo=UTC), day, FIRST_PARTITION) == (day, day)

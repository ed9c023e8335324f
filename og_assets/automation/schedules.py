"""The schedules of one merchant, the days that their runs name, and when an asset is late."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

from og_assets.assets.events import UNFINISHED
from og_assets.assets.scope import Scope
from og_assets.automation.jobs import range_tags
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.errors import WarehouseError, WarehouseMissing
from og_assets.warehouse.status import oldest_watermark
from og_assets.warehouse.warehouse import WarehouseAt

SYNCED_ON_SCHEDULE = dg.FreshnessPolicy.cron(
    deadline_cron="0 13,21 * * *", lower_bound_delta=timedelta(minutes=90), timezone=CHICAGO.key
)
"""Of every asset: an hour after each tick of a schedule it was made since that tick, or up to half an hour before.

Until a first materialization Dagster calls the state unknown.
"""

BUILT_DAILY = dg.FreshnessPolicy.cron(
    deadline_cron="0 21 * * *", lower_bound_delta=timedelta(minutes=570), timezone=CHICAGO.key
)
"""Of every mart: built since half an hour before noon. Not by each sync: one that loads nothing builds nothing."""

_TICKS = {"sync_at_noon": ("0 12 * * *", "12PM"), "sync_at_8pm": ("0 20 * * *", "8PM")}


def days_to_sync(watermark: datetime | None, today: date, first_partition: date) -> tuple[date, date]:
    """The partitions of a sync's run: from the day of the oldest watermark to today, without one today alone.

    They become green with figures; all days before them that are not green become so without.
    """
    first_day = watermark.astimezone(CHICAGO).date() if watermark else today
    return min(max(first_day, first_partition), today), today


def build_schedules(scope: Scope, sync: Job) -> list[dg.ScheduleDefinition]:
    """One sync at noon and one at 8 PM (guide: data pipelines advises the time between them)."""
    running = scope.merchant.settings.schedules
    return [_schedule(scope, sync, name, running=running) for name in _TICKS]


def weekly_schedule(scope: Scope, job: dg.JobDefinition, what: str, *, hour: int) -> dg.ScheduleDefinition:
    """The job on Sundays, at an hour of the night in Chicago when nobody syncs; `what` describes it."""
    running = scope.merchant.settings.schedules
    return dg.ScheduleDefinition(
        name=f"{job.name}_weekly",
        job=job,
        cron_schedule=f"0 {hour} * * 0",
        execution_timezone=CHICAGO.key,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"{what} once a week, Sunday {hour}AM Central time.",
    )


def _schedule(scope: Scope, sync: Job, name: str, *, running: bool) -> dg.ScheduleDefinition:
    cron, when = _TICKS[name]

    @dg.schedule(
        name=scope.named(name),
        job=sync,
        cron_schedule=cron,
        execution_timezone=CHICAGO.key,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"One sync a day at {when} Central time, in winter and summer.",
    )
    def request(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request_sync(context, scope, sync.name)

    return request


def _request_sync(context: dg.ScheduleEvaluationContext, scope: Scope, job_name: str) -> dg.RunRequest | dg.SkipReason:
    unfinished = context.instance.get_run_ids(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED), limit=1)
    if unfinished:
        return dg.SkipReason(f"The sync {unfinished[0]} is still running or waiting; the next one catches up.")
    scheduled = context.scheduled_execution_time.astimezone(UTC)
    today = scheduled.astimezone(CHICAGO).date()
    settings = scope.merchant.settings
    watermark, without = None, [object.name for object in OBJECTS]
    try:
        with WarehouseAt(settings.warehouse).get_connection(read_only=True) as connection:
            watermark, without = oldest_watermark(connection, without)
    except WarehouseMissing:
        pass  # the first sync makes it
    except WarehouseError as error:
        # The range only says which days get figures; each pull reads its own watermark.
        context.log.warning("%s The run is asked for today alone; it catches up all the same.", error)
        return _sync_request(scheduled, today, today)
    first_day, last_day = days_to_sync(watermark, today, settings.start_date)
    since = (
        f"what changed since {watermark.isoformat()}, in one run" if watermark else "all there is, for the first time"
    )
    context.log.info("Syncing %s, by a run for %s to %s.", since, first_day, last_day)
    if watermark and without:
        context.log.info("Without a watermark, and so pulled whole: %s.", ", ".join(without))
    return _sync_request(scheduled, first_day, last_day)


def _sync_request(scheduled: datetime, first_day: date, last_day: date) -> dg.RunRequest:
    return dg.RunRequest(run_key=scheduled.isoformat(), tags=range_tags(first_day, last_day))

"""When things run and how: jobs, schedules, the executor."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from og_assets.assets.covered_days import PULL_MODE_TAG
from og_assets.assets.events import UNFINISHED, request_for_new_events
from og_assets.assets.partitions import CHICAGO, DAILY, PullMode
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.alerts import Memory, problems, tell
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import load_settings
from og_assets.warehouse.errors import WarehouseError, WarehouseMissing
from og_assets.warehouse.status import oldest_watermark

DERIVED = dg.AssetSelection.groups("analytics")
DELETIONS = dg.AssetSelection.groups("events", "operations")

sync = dg.define_asset_job(
    "sync",
    selection=dg.AssetSelection.groups("objects") | DELETIONS | DERIVED,
    tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
    description="Everything since the last sync: what the schedules run. The first one pulls the whole history. "
    "Choose the partition *Latest*: whichever days are chosen, all changes up to now are read.",
)
full_refresh = dg.define_asset_job(
    "full_refresh",
    selection=dg.AssetSelection.groups("objects") | DELETIONS | DERIVED,
    tags={PULL_MODE_TAG: PullMode.WHOLE_HISTORY.value},
    description="Reads the whole history again, whatever the watermarks say and **whichever days are chosen**: hours, "
    "for a large merchant. Choose the partition *Latest*.",
)
reconcile_deletions = dg.define_asset_job(
    "reconcile_deletions",
    selection=DELETIONS | DERIVED,
    description="Finds deleted orders and items without pulling: webhooks, then the sweep, then what is derived. "
    "It looks at all that is open; choose the partition *Latest*.",
)
ingest_events = dg.define_asset_job(
    "ingest_events",
    selection=dg.AssetSelection.groups("events") | DERIVED,
    description="What webhooks brought, into the warehouse; what the sensor asks for. All of it is moved; choose the "
    "partition *Latest*.",
)
jobs = [sync, full_refresh, reconcile_deletions, ingest_events]

SYNCED_ON_SCHEDULE = dg.FreshnessPolicy.cron(
    deadline_cron="0 13,21 * * *", lower_bound_delta=timedelta(minutes=90), timezone=CHICAGO.key
)
"""Of every asset: an hour after each tick of a schedule it was made since that tick, or up to half an hour before.

Until a first materialization Dagster calls the state unknown.
"""


def range_tags(first_day: date, last_day: date) -> dict[str, str]:
    """The tags that make one run of a range of daily partitions, both days included."""
    return {ASSET_PARTITION_RANGE_START_TAG: first_day.isoformat(), ASSET_PARTITION_RANGE_END_TAG: last_day.isoformat()}


def days_to_sync(watermark: datetime | None, today: date) -> tuple[date, date]:
    """The partitions of a sync's run: from the day of the oldest watermark to today, without one today alone.

    They become green with figures; all days before them that are not green become so without.
    """
    first_day = watermark.astimezone(CHICAGO).date() if watermark else today
    first_partition = DAILY.start.astimezone(CHICAGO).date()
    return min(max(first_day, first_partition), today), today


def _request_sync(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    unfinished = context.instance.get_run_ids(dg.RunsFilter(job_name=sync.name, statuses=UNFINISHED), limit=1)
    if unfinished:
        return dg.SkipReason(f"The sync {unfinished[0]} is still running or waiting; the next one catches up.")
    scheduled = context.scheduled_execution_time.astimezone(UTC)
    today = scheduled.astimezone(CHICAGO).date()
    watermark, without = None, [object.name for object in OBJECTS]
    try:
        with warehouse.get_connection(read_only=True) as connection:
            watermark, without = oldest_watermark(connection, without)
    except WarehouseMissing:
        pass  # the first sync makes it
    except WarehouseError as error:
        # The range only says which days get figures; each pull reads its own watermark.
        context.log.warning("%s The run is asked for today alone; it catches up all the same.", error)
        return _sync_request(scheduled, today, today)
    first_day, last_day = days_to_sync(watermark, today)
    since = (
        f"what changed since {watermark.isoformat()}, in one run" if watermark else "all there is, for the first time"
    )
    context.log.info("Syncing %s, by a run for %s to %s.", since, first_day, last_day)
    if watermark and without:
        context.log.info("Without a watermark, and so pulled whole: %s.", ", ".join(without))
    return _sync_request(scheduled, first_day, last_day)


def _sync_request(scheduled: datetime, first_day: date, last_day: date) -> dg.RunRequest:
    return dg.RunRequest(run_key=scheduled.isoformat(), tags=range_tags(first_day, last_day))


def _sync_schedule(name: str, cron: str, when: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=sync,
        cron_schedule=cron,
        execution_timezone="America/Chicago",
        default_status=(
            dg.DefaultScheduleStatus.RUNNING if load_settings().schedules else dg.DefaultScheduleStatus.STOPPED
        ),
        description=f"One sync a day at {when} Central time, in winter and summer.",
    )
    def request(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        return _request_sync(context, warehouse)

    return request


sync_at_noon = _sync_schedule("sync_at_noon", "0 12 * * *", "12PM")
sync_at_8pm = _sync_schedule("sync_at_8pm", "0 20 * * *", "8PM")
schedules = [sync_at_noon, sync_at_8pm]


@dg.sensor(
    job=ingest_events,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING if load_settings().schedules else dg.DefaultSensorStatus.STOPPED,
    description="Asks for one run of `ingest_events` when the webhook inbox has events that are not in the warehouse.",
)
def webhook_inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Look into the inbox."""
    today = datetime.now(CHICAGO).date()
    return request_for_new_events(context, ingest_events.name, range_tags(today, today))


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING if load_settings().alert_url else dg.DefaultSensorStatus.STOPPED,
    description="Posts failed runs, red checks, stale tables to ORDERGROOVE_ALERT_URL: each once, and when it is over.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Look for what is wrong and was not told."""
    settings = load_settings()
    if settings.alert_url is None:
        return dg.SkipReason("ORDERGROOVE_ALERT_URL is not set.")
    if context.repository_def is None:
        return dg.SkipReason("The code location is not known.")
    current = problems(context.instance, context.repository_def.asset_graph, settings.dagster_url, datetime.now(UTC))
    memory, happened = tell(current, Memory.read(context.cursor), settings.alert_url)
    return dg.SensorResult(skip_reason=f"{len(current)} problems, {happened}.", cursor=memory.written())


sensors = [webhook_inbox_sensor, alerts]

# Steps are processes forked from a server that has everything imported: a step then costs its own work, not seconds
# of imports. At most five objects are read at a time (API reference: pagination).
executor = dg.multiprocess_executor.configured(
    {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["og_assets.warm_up"]}}}
)

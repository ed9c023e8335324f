"""The sensors of one merchant: one asks for new webhooks, one for new file drops, one tells what is wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

from og_assets.assets.drops import request_for_new_files
from og_assets.assets.events import request_for_new_events
from og_assets.assets.scope import Scope
from og_assets.automation.alerts import Memory, problems, tell
from og_assets.automation.jobs import range_tags
from og_assets.sync.configured_drops import drop_source
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets.webhooks.inbox import Inbox


def build_sensors(scope: Scope, jobs: Mapping[str, Job]) -> list[dg.SensorDefinition]:
    """The sensor of the webhook inbox, the one that alerts, and, for a merchant with file drops, the one of those."""
    settings = scope.merchant.settings
    ingest_events = jobs["ingest_events"]

    @dg.sensor(
        name=scope.named("webhook_inbox_sensor"),
        job=ingest_events,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.schedules else dg.DefaultSensorStatus.STOPPED,
        description="Asks for one run of `ingest_events` when the webhook inbox has events that are not in the "
        "warehouse.",
    )
    def webhook_inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Look into the inbox."""
        today = datetime.now(CHICAGO).date()
        inbox = Inbox(settings.inbox)
        return request_for_new_events(context, inbox, ingest_events.name, range_tags(today, today))

    @dg.sensor(
        name=scope.named("alerts"),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.alert_url else dg.DefaultSensorStatus.STOPPED,
        description="Posts failed runs, red checks, stale tables to ORDERGROOVE_ALERT_URL: each once, and when it is "
        "over.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Look for what is wrong and was not told."""
        if settings.alert_url is None:
            return dg.SkipReason("ORDERGROOVE_ALERT_URL is not set.")
        if context.repository_def is None:
            return dg.SkipReason("The code location is not known.")
        graph = context.repository_def.asset_graph
        current = problems(context.instance, graph, scope, datetime.now(UTC))
        memory, happened = tell(current, Memory.read(context.cursor), settings.alert_url)
        return dg.SensorResult(skip_reason=f"{len(current)} problems, {happened}.", cursor=memory.written())

    drops = [_drops_sensor(scope, jobs["load_drops"])] if "load_drops" in jobs else []
    return [webhook_inbox_sensor, alerts, *drops]


def _drops_sensor(scope: Scope, load_drops: Job) -> dg.SensorDefinition:
    settings = scope.merchant.settings

    @dg.sensor(
        name=scope.named("drops_sensor"),
        job=load_drops,
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.schedules else dg.DefaultSensorStatus.STOPPED,
        description="Asks for one run of `load_drops` when there are file drops that no run has loaded.",
    )
    def drops_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Look where drops lie."""
        warehouse = WarehouseAt(settings.warehouse)
        asked = request_for_new_files(context, drop_source(settings), warehouse, load_drops.name, settings.start_date)
        if isinstance(asked, dg.SkipReason):
            return asked
        cursor, first, last = asked
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=cursor, tags=range_tags(first, last))], cursor=cursor
        )

    return drops_sensor

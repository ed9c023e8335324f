"""Webhook events: from the inbox of the receiver into the warehouse, as soon as there are any."""

import dagster as dg

from og_assets.assets.checks import Checked, check_loads, specs, whole_since
from og_assets.assets.covered_days import mark_covered
from og_assets.assets.derived import daily
from og_assets.assets.failures import told_clearly
from og_assets.assets.metadata import markdown_table, reference_link, table_metadata
from og_assets.assets.scope import Scope
from og_assets.sync.ingest import ingest
from og_assets.warehouse.checks import unique_key
from og_assets.warehouse.fixed_tables import EVENTS
from og_assets.warehouse.place import Turn
from og_assets.webhooks.errors import WebhookError
from og_assets.webhooks.inbox import Inbox

CHECKS = (unique_key("ordergroove.events", ["event_id"], loaded="events"),)
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
"""Runs that wait or go on."""


def events_asset(scope: Scope) -> dg.AssetsDefinition:
    """The asset of the webhook events."""

    @daily(
        scope,
        EVENTS,
        key=("ordergroove", "events"),
        group="events",
        tags={"read": "webhooks", "personal_data": "true"},
        kinds={"ordergroove", "duckdb"},
        pool=scope.named("webhook_inbox"),
        check_specs=specs(scope.key("ordergroove", "events"), CHECKS),
        description=(
            "Webhook events as received, one row per event id; types that no document names are kept as well. "
            "A run takes whatever the inbox has, of any day; its partitions show the days on which events happened.\n\n"
            f"{reference_link('events-and-payloads')}"
        ),
    )
    def asset(context: dg.AssetExecutionContext) -> Checked:
        with told_clearly(context):
            warehouse = scope.warehouse(context)
            inbox = Inbox(scope.merchant.settings.inbox)
            try:
                run_id = context.run.root_run_id or context.run.run_id
                report = ingest(inbox, warehouse, run_id=run_id, masking=scope.ordergroove(context).masking())
            finally:
                inbox.close()
            with warehouse.get_connection(turn=Turn.DERIVE) as connection:
                row = connection.execute("SELECT count(*) FROM ordergroove.events").fetchone()
                checked = check_loads(connection, CHECKS, "events", whole_since=whole_since(context))
        context.log.info("%d events read from the inbox, %d of them new", report.read, report.new)
        for day, count in report.new_by_day.items():
            if day.isoformat() in context.partition_keys:
                context.add_asset_metadata({"new_events_of_the_day": count}, partition_key=day.isoformat())
        summary = markdown_table({"Read from the inbox": f"{report.read:,}", "New": f"{report.new:,}"})
        context.add_asset_metadata(
            {"summary": dg.MetadataValue.md(summary), "read": report.read, "new": report.new},
            partition_key=context.partition_key_range.end,
        )
        mark_covered(context)
        return dg.MaterializeResult(
            metadata={**table_metadata(EVENTS), "dagster/row_count": row[0] if row else 0},
            check_results=checked,
        )

    return asset


def request_for_new_events(
    context: dg.SensorEvaluationContext, inbox: Inbox, job_name: str, tags: dict[str, str]
) -> dg.SensorResult | dg.SkipReason:
    """One run of the job when the inbox has events that no run was asked for, and no such run is under way.

    The cursor is the inbox and its highest position. It only saves runs: what a run moves follows the
    warehouse's own note.
    """
    try:
        identity, highest = inbox.identity(), inbox.highest()
    except WebhookError as error:
        return dg.SkipReason(str(error))
    finally:
        inbox.close()
    if identity is None:
        return dg.SkipReason("There is no webhook inbox yet; `og webhooks` makes one when an event comes.")
    cursor = f"{identity}:{highest}"
    if highest == 0 or cursor == context.cursor:
        return dg.SkipReason("No event has come since the last run was asked for.")
    unfinished = context.instance.get_run_ids(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED), limit=1)
    if unfinished:
        return dg.SkipReason(f"The run {unfinished[0]} is still moving events; the next one takes what is new.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=cursor, tags=tags)], cursor=cursor)

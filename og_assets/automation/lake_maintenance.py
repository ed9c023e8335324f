"""The weekly job that keeps a lake small and fast; where the warehouse is a file there is none."""

from datetime import timedelta

import dagster as dg

from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.metadata import markdown_table
from og_assets.assets.scope import Scope
from og_assets.automation.schedules import weekly_schedule
from og_assets.warehouse.lake_maintenance import maintain


def maintenance_job(scope: Scope) -> dg.JobDefinition:
    """The job `maintain_lake`."""
    kept = timedelta(days=scope.merchant.settings.snapshot_days)

    @dg.op(
        name=scope.named("maintain"),
        description="Merges small files, rewrites those with deleted rows, and removes what nobody can read any more: "
        "snapshots older than ORDERGROOVE_SNAPSHOT_DAYS, and what killed loads have left. Each in a turn of its own.",
        required_resource_keys={scope.named("warehouse")},
        retry_policy=RETRIES,
    )
    def run(context: dg.OpExecutionContext) -> None:
        with told_clearly(context):
            steps = maintain(scope.warehouse(context).place, kept=kept)
        for step in steps:
            context.log.info("%s: %d, in %.1f s", step.name, step.count, step.seconds)
        done = {step.name: f"{step.count:,}" for step in steps if step.count}
        context.add_output_metadata({"done": dg.MetadataValue.md(markdown_table(done or {"nothing": "to do"}))})

    @dg.job(
        name=scope.named("maintain_lake"),
        description="Once a week: fewer and larger files, without rows that are deleted, and no old snapshots. A load "
        "waits for one of its short turns at most.",
    )
    def maintain_lake() -> None:
        run()

    return maintain_lake


def maintenance_schedule(scope: Scope, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Sundays at two in the morning, two hours before the recount of the marts."""
    return weekly_schedule(scope, job, "Maintenance of the lake", hour=2)

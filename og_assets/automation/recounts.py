"""The weekly job that counts figures of the marts once more, another way. It changes nothing."""

import dagster as dg

from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.marts import prepare_reading
from og_assets.assets.scope import Scope
from og_assets.automation.schedules import weekly_schedule
from og_assets.warehouse.marts.recount import recount


def recount_job(scope: Scope) -> dg.JobDefinition:
    """The job `recount_marts`: it fails, and names what differs, when a recount differs."""

    @dg.op(
        name=scope.named("count_marts_again"),
        description="Builds the marts in a scratch database, and counts some of their figures again from what they are "
        "made of.",
        required_resource_keys={scope.named("warehouse")},
        retry_policy=RETRIES,
    )
    def count_again(context: dg.OpExecutionContext) -> None:
        with told_clearly(context):
            differing = recount(scope.warehouse(context), scope.merchant.settings.mart_terms, prepare_reading)
        context.log.info("Figures that differ: %s", dict(differing))
        if wrong := [f"{name}: {count}" for name, count in differing.items() if count]:
            raise dg.Failure(
                f"Figures of the marts are not what another way of counting makes of them: {', '.join(wrong)}. Report "
                "it with these names; the queries are in sql/marts/recounts.",
                allow_retries=False,
            )

    @dg.job(
        name=scope.named("recount_marts"),
        description="Counts figures of the marts again, another way: recurring revenue at each month's end, churn, "
        "retention. Once a week; publishes nothing.",
    )
    def recount_marts() -> None:
        count_again()

    return recount_marts


def recount_schedule(scope: Scope, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Sundays at four in the morning, when nobody syncs."""
    return weekly_schedule(scope, job, "Figures of the marts, counted again", hour=4)

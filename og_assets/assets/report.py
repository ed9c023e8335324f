"""The report as an asset: written anew after the marts, and left alone when they were not built anew."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from og_assets.assets.checks import Checked, what_to_do
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.metadata import OWNERS
from og_assets.assets.scope import Scope
from og_assets.report.parts import long_day
from og_assets.report.report import Report, read_report, render, write
from og_assets.warehouse.marts.all_marts import MARTS

IS_WHOLE = "report_is_whole"


def report_asset(scope: Scope) -> dg.AssetsDefinition:
    """One HTML file. A run whose marts have nothing new skips it, as Dagster does with what is below skipped assets."""

    @dg.asset(
        key=scope.key("analytics", "report"),
        deps=[scope.key("analytics", mart.name) for mart in MARTS],
        group_name=scope.named("marts"),
        retry_policy=RETRIES,
        owners=OWNERS,
        kinds={"html"},
        tags={"read": "derived", "personal_data": "false"},
        description=(
            "The figures of the marts as one HTML file with charts and tables: recurring revenue, churn, cohorts, "
            "forecast, orders, revenue, products, skips, cancel reasons, as of the day on top. It needs no server and "
            "no network, and names no customer. Open it with `og report --open`, or with its path."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                IS_WHOLE,
                asset=scope.key("analytics", "report"),
                description="The file in its place tells the as-of day of the marts, and no part of it is empty.",
            )
        ],
        required_resource_keys={scope.named("warehouse")},
    )
    def report(context: dg.AssetExecutionContext) -> Checked:
        with told_clearly(context):
            with scope.warehouse(context).get_connection(read_only=True) as connection:
                figures = read_report(connection)
            file = write(render(figures, scope.merchant.name), scope.merchant.settings.report)
        context.log.info("The report is %s", file.absolute())
        return dg.MaterializeResult(
            metadata=_metadata(figures, file.absolute()), check_results=[_is_whole(figures, file)]
        )

    return report


def _is_whole(figures: Report, file: Path) -> dg.AssetCheckResult:
    page = file.read_text(encoding="utf-8")
    missing = [*figures.empty]
    if figures.as_of is None or long_day(figures.as_of.day) not in page:
        missing.insert(0, "the as-of day of the marts")
    return dg.AssetCheckResult(
        check_name=IS_WHOLE,
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Nothing is shown of: {', '.join(missing)}." if missing else None,
        metadata={"what_to_do": what_to_do(IS_WHOLE)} if missing else {},
    )


def _metadata(figures: Report, file: Path) -> Mapping[str, Any]:
    return {
        "file": dg.MetadataValue.path(file),
        "link": dg.MetadataValue.url(file.as_uri()),
        "as_of_date": str(figures.as_of.day) if figures.as_of else "none",
        "active_subscriptions": figures.active_subscriptions,
        "active_customers": figures.active_customers,
        **{f"mrr_{currency}": float(revenue) for currency, revenue in figures.recurring_revenue},
        "bytes": file.stat().st_size,
    }

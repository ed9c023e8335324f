"""The marts as assets: one step builds all of them, for they describe one day and must agree with each other.

Without partitions: a mart of a past day cannot be made again, so nothing should suggest it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import dagster as dg
from duckdb import DuckDBPyConnection
from pydantic import Field

from og_assets.assets.checks import what_to_do
from og_assets.assets.derived import READ_BY_DERIVED, defined
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.lineage import asset_of
from og_assets.assets.mart_pictures import PICTURES
from og_assets.assets.metadata import OWNERS, guide_link, markdown_table
from og_assets.assets.pictures import as_metadata
from og_assets.assets.scope import Scope
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.pull import object_table
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.derive import prepare
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.errors import MartsDisagree
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.marts.build import MartsReport, build_marts
from og_assets.warehouse.marts.subscribers import MARTS_AS_OF
from og_assets.warehouse.marts.sums import Finding, sums_of
from og_assets.warehouse.tables import ensure_tables
from og_assets.warehouse.warehouse import Warehouse

SUMS_AGREE = "sums_agree"
LOOKS_RIGHT = "looks_right"
UNIQUE_KEY = "unique_key"

_READ_BESIDES = ("products", "offer_profiles", "one_time_incentives")


class MartsConfig(dg.Config):
    """How the marts are built."""

    rebuild: bool = Field(default=False, description="Build them though nothing was loaded since.")


def marts_asset(scope: Scope) -> dg.AssetsDefinition:
    """All marts, in one step. Choosing some builds all, and tells of those."""

    @dg.multi_asset(
        name=scope.named("marts"),
        specs=[_spec(scope, mart) for mart in MARTS],
        check_specs=[*_check_specs(scope)],
        can_subset=True,
        retry_policy=RETRIES,
        required_resource_keys={scope.named("warehouse")},
    )
    def marts(
        context: dg.AssetExecutionContext, config: MartsConfig
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        settings = scope.merchant.settings
        with told_clearly(context):
            try:
                report = build_marts(
                    scope.warehouse(context),
                    settings.mart_terms,
                    prepare_reading,
                    cadence=settings.marts,
                    rebuild=config.rebuild,
                )
            except MartsDisagree as error:
                yield from _results(context, scope, error.findings)
                raise
            if report.why_not:
                context.log.info("The marts are not built: %s.", report.why_not)
                return
            context.log.info(
                "The marts are as of %s: %.1f s, of which the warehouse was held for %.1f s",
                report.as_of_date,
                report.seconds,
                report.seconds_held,
            )
            chosen = [mart for mart in MARTS if scope.key("analytics", mart.name) in context.selected_asset_keys]
            pictures = _pictures(scope.warehouse(context), chosen)
            for mart in chosen:
                yield dg.MaterializeResult(
                    asset_key=scope.key("analytics", mart.name),
                    metadata={**pictures.get(mart.name, {}), **_figures(mart, report)},
                )
            yield from _results(context, scope, report.findings)

    return marts


def _spec(scope: Scope, mart: DerivedTable) -> dg.AssetSpec:
    return dg.AssetSpec(
        scope.key("analytics", mart.name),
        deps=[asset_of(scope, source) for source in mart.depends_on],
        description=f"{mart.description}\n\n{guide_link('object-reference')}",
        group_name=scope.named("marts"),
        skippable=True,
        owners=OWNERS,
        kinds={"duckdb", "sql"},
        tags={"read": "derived", "personal_data": "false"},
        metadata=defined(scope, mart),
    )


def _check_specs(scope: Scope) -> Iterator[dg.AssetCheckSpec]:
    """Few, for each costs every run some kilobytes of Dagster's state: one a mart, and one for all that is unusual."""
    for mart in MARTS:
        sums = "; ".join(sum.name for sum in sums_of(mart) if sum.is_error)
        asset = scope.key("analytics", mart.name)
        yield dg.AssetCheckSpec(check_name(mart), asset=asset, description=f"Else no mart is published: {sums}.")
    unusual = [sum for mart in MARTS for sum in sums_of(mart) if not sum.is_error]
    told = [f"{sum.name} ({sum.allowed})" for sum in unusual]
    asset = scope.key("analytics", MARTS_AS_OF.name)
    yield dg.AssetCheckSpec(LOOKS_RIGHT, asset=asset, description=f"None or few of these: {'; '.join(told)}.")


def check_name(mart: DerivedTable) -> str:
    """The check that tells of the sums of a mart; of one that has none but its key, what such checks are called."""
    return SUMS_AGREE if sum(one.is_error for one in sums_of(mart)) > 1 else UNIQUE_KEY


def prepare_reading(connection: DuckDBPyConnection) -> None:
    """Make the tables that marts read, where a merchant has not pulled them yet."""
    prepare(connection, READ_BY_DERIVED)
    ensure_tables(connection, [object_table(BY_NAME[name]) for name in _READ_BESIDES])


def _pictures(warehouse: Warehouse, marts: Sequence[DerivedTable]) -> Mapping[str, Mapping[str, dg.MetadataValue]]:
    """The pictures of those that have one, by name; drawn when the warehouse is given back."""
    wanted = {mart.name: PICTURES[mart.name] for mart in marts if mart.name in PICTURES}
    if not wanted:
        return {}
    with warehouse.get_connection(read_only=True) as connection:
        today = datetime.now(CHICAGO).date()
        rows = {name: picture.read(connection, today) for name, picture in wanted.items()}
    return {name: as_metadata(picture, rows[name]) for name, picture in wanted.items()}


def _figures(mart: DerivedTable, report: MartsReport) -> Mapping[str, str | float]:
    """What is the same for all of them stands at the first alone: every run stores it for each."""
    rows: dict[str, str | float] = {"dagster/row_count": report.rows[mart.name]}
    if mart is not MARTS_AS_OF:
        return rows
    times = {"seconds": round(report.seconds, 2), "seconds_held": round(report.seconds_held, 2)}
    return {**rows, "as_of_date": str(report.as_of_date), **times}


def _results(
    context: dg.AssetExecutionContext, scope: Scope, findings: Mapping[str, Sequence[Finding]]
) -> Iterator[dg.AssetCheckResult]:
    chosen = context.selected_asset_check_keys
    for mart in MARTS:
        asset, name = scope.key("analytics", mart.name), check_name(mart)
        if dg.AssetCheckKey(asset, name) in chosen:
            errors = [one for one in findings[mart.name] if one.sum.is_error]
            yield _result(asset, name, dg.AssetCheckSeverity.ERROR, errors)
    asset = scope.key("analytics", MARTS_AS_OF.name)
    if dg.AssetCheckKey(asset, LOOKS_RIGHT) in chosen:
        unusual = [one for found in findings.values() for one in found if not one.sum.is_error]
        yield _result(asset, LOOKS_RIGHT, dg.AssetCheckSeverity.WARN, unusual)


def _result(
    asset: dg.AssetKey, check: str, severity: dg.AssetCheckSeverity, findings: Sequence[Finding]
) -> dg.AssetCheckResult:
    wrong = [finding for finding in findings if not finding.agrees]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check,
        passed=not wrong,
        severity=severity,
        description="; ".join(f"{one.sum.name}: {_count(one)}" for one in wrong) or None,
        metadata={
            "sums": dg.MetadataValue.md(markdown_table({one.sum.name: _count(one) for one in findings})),
            **(
                {
                    "what_to_do": dg.MetadataValue.text(what_to_do(check)),
                    "look_closer": dg.MetadataValue.md("\n".join(f"```sql\n{one.sum.sql};\n```" for one in wrong)),
                }
                if wrong
                else {}
            ),
        },
    )


def _count(finding: Finding) -> str:
    among = "" if finding.among is None else f" of {finding.among:,}"
    return f"{finding.found:,}{among}"

"""File drops: one daily-partitioned asset for each report, and what is derived from drops and API together.

A merchant whose settings name no drops has none of this.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from og_assets.assets.checks import Checked, results, specs
from og_assets.assets.covered_days import PULL_MODE_TAG, mark_covered
from og_assets.assets.derived import daily_derived, described
from og_assets.assets.events import UNFINISHED
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.metadata import OWNERS, markdown_table, table_metadata
from og_assets.assets.scope import Scope
from og_assets.ordergroove.drops.errors import DropError
from og_assets.ordergroove.drops.names import DropName, read_name
from og_assets.ordergroove.drops.reports import GUIDE, REPORTS, Report
from og_assets.ordergroove.drops.source import DropFile, DropSource
from og_assets.sync.configured_drops import drops_of
from og_assets.sync.drops import DropReport, drop_sources, drop_table, new_files, take
from og_assets.sync.windows import CHICAGO, PullMode
from og_assets.warehouse.checks import NONE, Check, Limit, filled_in, unique_key
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.drop_analytics import ID_MAP, RECONCILIATION, derive_from_drops
from og_assets.warehouse.drops import known_files
from og_assets.warehouse.errors import WarehouseError, WarehouseMissing
from og_assets.warehouse.place import Turn
from og_assets.warehouse.warehouse import Warehouse

FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=48))
"""Of every asset here: a drop comes each day, and with it a run."""
DAYS_TURNED_GREEN = timedelta(days=30)
"""So many days before the newest file's become green at most; Dagster stores events per asset, check and day."""
ASKED_AGAIN = timedelta(hours=1)
"""After so long a run is asked for again for files that no run has loaded."""


def drop_assets(scope: Scope) -> list[dg.AssetsDefinition]:
    """The assets of a merchant with drops: its reports, the map of ids, the reconciliation. None without."""
    if scope.merchant.settings.drops is None:
        return []
    made = [*(report_asset(scope, report) for report in REPORTS), *(_derived(scope, *of) for of in DERIVED.items())]
    fresh = dg.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=FRESH), made)
    return [asset for asset in fresh if isinstance(asset, dg.AssetsDefinition)]


def report_asset(scope: Scope, report: Report) -> dg.AssetsDefinition:
    """The asset of one report."""
    table = drop_table(report)
    key = scope.key(table.schema, table.name)
    checks = report_checks(report)

    @dg.asset(
        key=key,
        partitions_def=scope.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=scope.named("drops"),
        kinds={"ordergroove", "csv", "duckdb"},
        pool=scope.named("drops"),  # one reader at a time where drops lie
        retry_policy=RETRIES,
        owners=OWNERS,
        tags={"read": "drops", "personal_data": str(any(column.personal for column in report.columns)).lower()},
        metadata=table_metadata(table),
        description=(
            f"{report.record.__doc__} Partitions are business days, those before a file was finished. `_file` and "
            "`_line` say where a row comes from, `_raw` has it with the columns that no page shows.\n\n"
            f"[Ordergroove guide: SFTP file drops]({GUIDE})"
        ),
        check_specs=specs(key, checks),
        required_resource_keys=scope.resource_keys,
    )
    def asset(context: dg.AssetExecutionContext) -> Checked:
        keys = context.partition_key_range
        days = (date.fromisoformat(keys.start), date.fromisoformat(keys.end))
        is_new = context.run.tags.get(PULL_MODE_TAG) == PullMode.SINCE_WATERMARK.value
        warehouse = scope.warehouse(context)
        with told_clearly(context):
            drops = drops_of(scope.merchant.settings, scope.ordergroove(context).masking())
            try:
                found = take(report, drops, warehouse, run_id=context.run.run_id, days=None if is_new else days)
            finally:
                drops.source.close()
            with warehouse.get_connection() as connection:
                checked = results(connection, checks)
        context.add_asset_metadata(
            {**_figures(found), **table_metadata(table), "dagster/row_count": found.rows}, partition_key=keys.end
        )
        return dg.MaterializeResult(check_results=checked)

    return asset


def report_checks(report: Report) -> tuple[Check, ...]:
    """What is watched of a report's table and files."""
    table = f"drops.{report.name}"
    files = f"FROM ops.drop_files WHERE report = '{report.name}' AND loaded_at > now() - INTERVAL 7 DAYS"
    keys = [] if report.lines_per_key or not report.keys else [unique_key(table, report.keys[0])]
    return (
        *keys,
        Check(
            "quarantined_lines",
            "Every line of the files of the last seven days is a row.",
            filled_in("check_quarantined_lines.sql", report=report.name),
            f"SELECT sum(rows) {files}",
            warn=NONE,
            error=Limit(10, 0.05),
        ),
        Check(
            "unreadable_files",
            "Every file of the report could be read.",
            filled_in("check_unreadable_files.sql", report=report.name),
            f"SELECT count(*) {files}",
            warn=NONE,
        ),
    )


DERIVED: Mapping[DerivedTable, str] = {
    ID_MAP: "Ordergroove's own numbers of customers, subscriptions and orders, which only drops tell, beside "
    "the ids of the API. One row per `object` and `ordergroove_id`.",
    RECONCILIATION: "What drops and API disagree on, one row per difference; `analytics.drop_reconciliation_days` "
    "counts per business day and report what was compared. Drops are an independent witness of what the API told.",
}
"""The derived tables that are assets, and what people read of them."""


def _derived(scope: Scope, table: DerivedTable, description: str) -> dg.AssetsDefinition:
    @daily_derived(scope, table, "drops", description)
    def asset(context: dg.AssetExecutionContext) -> Checked:
        with told_clearly(context), scope.warehouse(context).get_connection(turn=Turn.DERIVE) as connection:
            rows = derive_from_drops(connection, table, drop_sources())
            checked = results(connection, table.checks)
        mark_covered(context)
        return dg.MaterializeResult(
            metadata={**described(scope, table), "dagster/row_count": rows}, check_results=checked
        )

    return asset


def _figures(found: DropReport) -> dict[str, dg.MetadataValue]:
    counts = found.counts
    summary = {
        "Files": f"{len(found.days):,}",
        "Rows": f"{counts.rows:,}",
        "Loaded": f"{counts.loaded:,}",
        "Told again by a later file": f"{counts.overtaken:,}",
        "Quarantined": f"{counts.quarantined:,}",
        "Still being written": ", ".join(found.waiting) or "none",
        "Unreadable": ", ".join(found.unreadable) or "none",
        "Time": f"{found.seconds:,.1f} s",
    }
    return {
        "summary": dg.MetadataValue.md(markdown_table(summary)),
        "files": dg.MetadataValue.int(len(found.days)),
        "loaded": dg.MetadataValue.int(counts.loaded),
        "quarantined": dg.MetadataValue.int(counts.quarantined),
    }


def request_for_new_files(
    context: dg.SensorEvaluationContext, source: DropSource, warehouse: Warehouse, job_name: str, first_day: date
) -> tuple[str, date, date] | dg.SkipReason:
    """What to ask for when there are reports that no run has loaded: a cursor, and the first and last of their days.

    The cursor is what was new, and when a run was asked for it. It only saves runs: what a run loads follows
    ops.drop_files.
    """
    try:
        named = _reports(new_files(source, _known(warehouse)))
    except (DropError, WarehouseError) as error:
        return dg.SkipReason(str(error))
    finally:
        source.close()
    if not named:
        return dg.SkipReason(f"There is no new file at {source.place}.")
    digest = hashlib.sha256("".join(file.identity for _, file in named).encode()).hexdigest()[:16]
    now = datetime.now(UTC)
    asked, _, when = (context.cursor or "").partition(" ")
    if asked == digest and now < datetime.fromisoformat(when) + ASKED_AGAIN:
        return dg.SkipReason("A run was asked for these files already.")
    unfinished = context.instance.get_run_ids(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED), limit=1)
    if unfinished:
        return dg.SkipReason(f"The run {unfinished[0]} is still loading files; the next one takes what is new.")
    days = [name.business_day for name, _ in named]
    last = max(min(max(days), now.astimezone(CHICAGO).date()), first_day)
    first = min(max(min(days), first_day, last - DAYS_TURNED_GREEN), last)
    return f"{digest} {now.isoformat()}", first, last


def _reports(files: Sequence[DropFile]) -> list[tuple[DropName, DropFile]]:
    named = ((read_name(file.name, file.modified_at), file) for file in files)
    return [(name, file) for name, file in named if name is not None]


def _known(warehouse: Warehouse) -> set[tuple[str, int, datetime]]:
    try:
        with warehouse.get_connection(read_only=True) as connection:
            return known_files(connection)
    except WarehouseMissing:
        return set()

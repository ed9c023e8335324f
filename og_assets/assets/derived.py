"""What the assets of events, deletions, bridge and totals share: options, days, what Dagster shows of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import Checked, check_derived, specs, whole_since
from og_assets.assets.covered_days import mark_covered
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.lineage import asset_of, column_lineage, lineage_to_read
from og_assets.assets.metadata import OWNERS, markdown_table, table_metadata
from og_assets.assets.pictures import Picture, as_metadata
from og_assets.assets.scope import Scope
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.pull import object_table
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.derive import Days, DeriveReport, derive, prepare
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.place import Turn
from og_assets.warehouse.tables import Storable

READ_BY_DERIVED = tuple(
    object_table(object) for object in OBJECTS if object.name in {"orders", "items", "customers", "subscriptions"}
)
"""The object tables that derived tables are made of."""


class DeriveConfig(dg.Config):
    """How a derived table is brought up to date."""

    rebuild: bool = Field(
        default=False, description="Derive all rows again, not only what changed; the result is the same."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What people see of a derived table in Dagster; without a `description` they read that of its value."""

    description: str | None = None
    picture: Picture | None = None
    counted: str = "Deleted"
    """What the rows are called that are counted after each derivation."""


def daily(
    scope: Scope, table: Storable, *, key: tuple[str, ...], group: str, tags: Mapping[str, str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` of a `table` that every warehouse has, with what all such assets have in common.

    The daily partitions, one run for a range of days, retries, owners, and the columns of the table.
    """
    options.setdefault("metadata", table_metadata(table))
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=scope.key(*key),
        group_name=scope.named(group),
        partitions_def=scope.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        owners=OWNERS,
        tags=tags,
        required_resource_keys=scope.resource_keys,
        **options,
    )
    return made


def daily_derived(
    scope: Scope, table: DerivedTable, group: str, description: str
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` of a derived table, with all that follows from its value: what it depends on, checks, lineage."""
    key = (table.schema, table.name)
    return daily(
        scope,
        table,
        key=key,
        group=group,
        tags={"read": "derived", "personal_data": str(table.personal).lower()},
        deps=[asset_of(scope, source) for source in table.depends_on],
        kinds={"duckdb", "sql"},
        description=description,
        check_specs=specs(scope.key(*key), table.checks),
        metadata=defined(scope, table),
    )


def derived_asset(scope: Scope, table: DerivedTable, shown: Shown) -> dg.AssetsDefinition:
    """The asset of a table that is derived of objects, events and sweeps."""

    @daily_derived(scope, table, "analytics", shown.description or table.description)
    def asset(context: dg.AssetExecutionContext, config: DeriveConfig) -> Checked:
        return _derive(context, scope, table, shown, config)

    return asset


def _derive(
    context: dg.AssetExecutionContext, scope: Scope, table: DerivedTable, shown: Shown, config: DeriveConfig
) -> dg.MaterializeResult[None]:
    """Bring a derived table up to date, with the rows of the run's days among those that are derived again."""
    window = context.partition_time_window
    picture = shown.picture
    with told_clearly(context), scope.warehouse(context).get_connection(turn=Turn.DERIVE) as connection:
        prepare(connection, READ_BY_DERIVED)
        report = derive(connection, table, days=Days(window.start, window.end), rebuild=config.rebuild)
        checked = check_derived(connection, table, report, whole_since=whole_since(context))
        to_draw = picture.read(connection, datetime.now(CHICAGO).date()) if picture else ()
    context.log.info("%s: %d rows, %d of them derived now", report.table, report.rows, report.derived)
    figures = {
        "summary": dg.MetadataValue.md(_summary(report, shown.counted)),
        **(as_metadata(picture, to_draw) if picture else {}),
        "derived": report.derived,
        "deleted": report.deleted,
        "rebuilt": report.rebuilt,
    }
    # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum.
    context.add_asset_metadata(figures, partition_key=context.partition_key_range.end)
    mark_covered(context)
    return dg.MaterializeResult(
        metadata={**described(scope, table), "dagster/row_count": report.rows}, check_results=checked
    )


def _summary(report: DeriveReport, counted: str) -> str:
    return markdown_table(
        {
            "Rows": f"{report.rows:,}",
            "Derived now": f"{report.derived:,}" + (" (all of them)" if report.rebuilt else " (what changed)"),
            counted: f"{report.deleted:,}",
        }
    )


def defined(scope: Scope, table: DerivedTable) -> Mapping[str, Any]:
    """What the definition of a derived table's asset tells: what is `described`, and the lineage as text to read."""
    made_of = {"made_of": dg.MetadataValue.md(lineage_to_read(table))} if table.tells_lineage else {}
    return {**described(scope, table), **made_of}


def described(scope: Scope, table: DerivedTable) -> Mapping[str, Any]:
    """Name, columns and lineage of a derived table."""
    lineage = {"dagster/column_lineage": column_lineage(scope, table)} if table.tells_lineage else {}
    return {**table_metadata(table), **lineage}

"""What the assets of events, deletions, bridge and totals share: options, days, what Dagster shows of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import DERIVED_CHECKS, Checked, results, specs
from og_assets.assets.covered_days import mark_covered
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.lineage import LINEAGE, column_lineage, lineage_to_read
from og_assets.assets.metadata import OWNERS, column_schema, markdown_table
from og_assets.assets.pictures import Picture, as_metadata
from og_assets.assets.scope import Scope
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.pull import object_table
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.analytics import DERIVED_TABLES
from og_assets.warehouse.derive import Days, DeriveReport, prepare
from og_assets.warehouse.migrated_tables import migrated_columns
from og_assets.warehouse.tables import StoredColumn

READ_BY_DERIVED = tuple(
    object_table(object) for object in OBJECTS if object.name in {"orders", "items", "customers", "subscriptions"}
)
"""The object tables that derived tables are made of."""


class DeriveConfig(dg.Config):
    """How a derived table is brought up to date."""

    rebuild: bool = Field(
        default=False, description="Derive all rows again, not only what changed; the result is the same."
    )


def daily(
    scope: Scope, table: str, *, key: tuple[str, ...], group: str, tags: Mapping[str, str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` of a `table` (schema and name) that a migration makes, with what all such assets have in common.

    The daily partitions, one run for a range of days, retries, checks, owners, and the columns of the table.
    """
    options.setdefault("check_specs", specs(scope.key(*key), DERIVED_CHECKS.get(key[-1], ())))
    made_of = {"made_of": dg.MetadataValue.md(lineage_to_read(key[-1]))} if key[-1] in LINEAGE else {}
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=scope.key(*key),
        group_name=scope.named(group),
        partitions_def=scope.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        owners=OWNERS,
        tags=tags,
        metadata={**described(scope, table), **made_of},
        required_resource_keys=scope.resource_keys,
        **options,
    )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A derived table as an asset: what it is made of, how, and what people read about it."""

    table: str
    after: tuple[tuple[str, ...], ...]
    derive: Callable[..., DeriveReport]
    description: str
    tells_about_persons: bool = False
    picture: Picture | None = None


def derived_asset(scope: Scope, derived: Derived) -> dg.AssetsDefinition:
    """The asset of one derived table, in the schema `analytics`."""

    @daily(
        scope,
        f"analytics.{derived.table}",
        key=("analytics", derived.table),
        group="analytics",
        tags={"read": "derived", "personal_data": str(derived.tells_about_persons).lower()},
        deps=[scope.key(*key) for key in derived.after],
        kinds={"duckdb", "sql"},
        description=derived.description,
    )
    def asset(context: dg.AssetExecutionContext, config: DeriveConfig) -> Checked:
        return _derive(context, scope, derived, config)

    return asset


def _derive(
    context: dg.AssetExecutionContext, scope: Scope, derived: Derived, config: DeriveConfig
) -> dg.MaterializeResult[None]:
    """Bring a derived table up to date, with the rows of the run's days among those that are derived again."""
    window = context.partition_time_window
    picture = derived.picture
    with told_clearly(context), scope.warehouse(context).get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        report = derived.derive(connection, days=Days(window.start, window.end), rebuild=config.rebuild)
        checked = results(connection, DERIVED_CHECKS[report.table])
        to_draw = picture.read(connection, datetime.now(CHICAGO).date()) if picture else ()
    context.log.info("%s: %d rows, %d of them derived now", report.table, report.rows, report.derived)
    figures = {
        "summary": dg.MetadataValue.md(_summary(report)),
        **(as_metadata(picture, to_draw) if picture else {}),
        "derived": report.derived,
        "deleted": report.deleted,
        "rebuilt": report.rebuilt,
    }
    # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum.
    context.add_asset_metadata(figures, partition_key=context.partition_key_range.end)
    mark_covered(context)
    return dg.MaterializeResult(
        metadata={**described(scope, f"analytics.{report.table}"), "dagster/row_count": report.rows},
        check_results=checked,
    )


def _summary(report: DeriveReport) -> str:
    return markdown_table(
        {
            "Rows": f"{report.rows:,}",
            "Derived now": f"{report.derived:,}" + (" (all of them)" if report.rebuilt else " (what changed)"),
            _COUNTED.get(report.table, "Deleted"): f"{report.deleted:,}",
        }
    )


_COUNTED = {"deletion_tombstones": "Deletions in force", "subscription_changes": "Cancellations"}


def described(scope: Scope, table: str) -> Mapping[str, Any]:
    """Name, columns and, where it is derived, lineage of a table that a migration makes."""
    schema, _, name = table.partition(".")
    return {
        "dagster/table_name": table,
        "dagster/column_schema": column_schema(_columns(schema, name)),
        **({"dagster/column_lineage": column_lineage(scope, name)} if name in LINEAGE else {}),
    }


def _columns(schema: str, name: str) -> tuple[StoredColumn, ...]:
    as_value = next((one for one in DERIVED_TABLES if (one.schema, one.name) == (schema, name)), None)
    return as_value.stored_columns if as_value else migrated_columns(schema, name)

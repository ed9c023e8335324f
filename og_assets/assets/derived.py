"""What the assets of events, deletions, bridge and totals share: options, days, what Dagster shows of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import DERIVED_CHECKS, results, specs
from og_assets.assets.covered_days import mark_covered
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.lineage import LINEAGE, column_lineage, lineage_to_read
from og_assets.assets.metadata import OWNERS, column_schema, markdown_table
from og_assets.assets.partitions import CHICAGO, DAILY
from og_assets.assets.pictures import Picture, as_metadata
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.pull import object_table
from og_assets.warehouse.derive import Days, DeriveReport, prepare
from og_assets.warehouse.migrated_tables import migrated_columns

READ_BY_DERIVED = tuple(object_table(object) for object in OBJECTS if object.name in {"orders", "items", "customers"})
"""The object tables that derived tables are made of."""


class DeriveConfig(dg.Config):
    """How a derived table is brought up to date."""

    rebuild: bool = Field(
        default=False, description="Derive all rows again, not only what changed; the result is the same."
    )


def daily(
    *, table: str, tags: Mapping[str, str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` of a `table` (schema and name) that a migration makes, with what all such assets have in common.

    The daily partitions, one run for a range of days, retries, checks, owners, and the columns of the table.
    """
    key = dg.AssetKey(options["key"])
    options.setdefault("check_specs", specs(key, DERIVED_CHECKS.get(key.path[-1], ())))
    made_of = {"made_of": dg.MetadataValue.md(lineage_to_read(key.path[-1]))} if key.path[-1] in LINEAGE else {}
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        owners=OWNERS,
        tags=tags,
        metadata={**described(table), **made_of},
        **options,
    )
    return made


def derive(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    config: DeriveConfig,
    make: Callable[..., DeriveReport],
    picture: Picture | None = None,
) -> dg.MaterializeResult[None]:
    """Bring a derived table up to date, with the rows of the run's days among those that are derived again."""
    window = context.partition_time_window
    with told_clearly(context), warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        report = make(connection, days=Days(window.start, window.end), rebuild=config.rebuild)
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
        metadata={**described(f"analytics.{report.table}"), "dagster/row_count": report.rows}, check_results=checked
    )


def _summary(report: DeriveReport) -> str:
    return markdown_table(
        {
            "Rows": f"{report.rows:,}",
            "Derived now": f"{report.derived:,}" + (" (all of them)" if report.rebuilt else " (what changed)"),
            "Deletions in force" if report.table == "deletion_tombstones" else "Deleted": f"{report.deleted:,}",
        }
    )


def described(table: str) -> Mapping[str, Any]:
    """Name, columns and, where it is derived, lineage of a table that a migration makes."""
    schema, _, name = table.partition(".")
    return {
        "dagster/table_name": table,
        "dagster/column_schema": column_schema(migrated_columns(schema, name)),
        **({"dagster/column_lineage": column_lineage(name)} if name in LINEAGE else {}),
    }

"""What the assets of events, deletions, bridge and totals share: options, days, the description of a table."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from duckdb import DuckDBPyConnection

from og_assets.assets.checks import DERIVED_CHECKS, results, specs
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.ordergroove.objects import OBJECTS
from og_assets.partitions import DAILY
from og_assets.pull import object_table
from og_assets.warehouse.derive import Days, DeriveReport, prepare
from og_assets.warehouse.resource import WarehouseResource

READ_BY_DERIVED = tuple(object_table(object) for object in OBJECTS if object.name in {"orders", "items", "customers"})
"""The object tables that derived tables are made of."""


class DeriveConfig(dg.Config):
    """How a derived table is brought up to date."""

    rebuild: bool = False
    """Derive every row anew instead of what changed; the result is the same."""


def daily(**options: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """`dg.asset` with what all of them have: daily partitions, one run for a range of days, retries, checks."""
    key = dg.AssetKey(options["key"])
    options.setdefault("check_specs", specs(key, DERIVED_CHECKS.get(key.path[-1], ())))
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRIES,
        **options,
    )
    return made


def derive(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    config: DeriveConfig,
    make: Callable[..., DeriveReport],
) -> dg.MaterializeResult[None]:
    """Bring a derived table up to date, with the rows of the run's days among those that are derived again."""
    window = context.partition_time_window
    with told_clearly(context), warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        report = make(connection, days=Days(window.start, window.end), rebuild=config.rebuild)
        checked = results(connection, DERIVED_CHECKS[report.table])
        schema = described(connection, "analytics", report.table)
    figures = {"derived": report.derived, "deleted": report.deleted, "rebuilt": report.rebuilt}
    context.log.info("%s: %d rows, %d of them derived now", report.table, report.rows, report.derived)
    # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum.
    context.add_asset_metadata(figures, partition_key=context.partition_key_range.end)
    return dg.MaterializeResult(metadata={**schema, "dagster/row_count": report.rows}, check_results=checked)


def described(connection: DuckDBPyConnection, schema: str, table: str) -> Mapping[str, Any]:
    """Name and columns of a table, each with type and meaning, as Dagster shows them."""
    columns = connection.execute(
        "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [schema, table],
    ).fetchall()
    return {
        "dagster/table_name": f"{schema}.{table}",
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(
                    name, type, description=comment, constraints=dg.TableColumnConstraints(nullable=nullable)
                )
                for name, type, comment, nullable in columns
            ]
        ),
    }

"""Which columns each column of a derived table is made of, as Dagster shows it; the tables themselves say it.

A test changes every column of the sources in turn, derives again, and sees just these columns change. Marts say it
of columns with a plain origin; docs/metrics.md explains the others, such as recurring revenue.
"""

import dagster as dg

from og_assets.assets.scope import Scope
from og_assets.ordergroove.objects import BY_NAME
from og_assets.warehouse.derived_table import DerivedTable


def asset_of(scope: Scope, source: str) -> dg.AssetKey:
    """The asset that a derived table calls `source`: an object, events, a sweep, another one, or `schema.table`."""
    schema, _, name = source.rpartition(".")
    if not schema:
        is_read = name in BY_NAME or name == "events"
        schema = "ordergroove" if is_read else "ops" if name.endswith("_sweep") else "analytics"
    return scope.key(schema, name)


def lineage_to_read(table: DerivedTable) -> str:
    """The lineage of a derived table as a table in Markdown: Dagster's open UI shows no other."""
    lines = [f"| `{column}` | {', '.join(origins)} |" for column, origins in table.made_of.items() if origins]
    return "\n".join(["| Column | Made of |", "|---|---|", *lines])


def column_lineage(scope: Scope, table: DerivedTable) -> dg.TableColumnLineage:
    """The lineage of a derived table, as Dagster shows it."""
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_of(scope, source), name)
                for source, _, name in (origin.rpartition(".") for origin in origins)
            ]
            for column, origins in table.made_of.items()
            if origins
        }
    )

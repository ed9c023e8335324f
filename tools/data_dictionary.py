"""Writes docs/data.md: every table, view and column with type, meaning and an example. `make docs` runs it."""

import logging
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.drops import DropWriter
from og_assets.emulator.world import World
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import REPORTS
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.playground.sample import RUN, fill
from og_assets.sync.drops import Drops, drop_sources, take
from og_assets.warehouse.drop_analytics import ID_MAP, RECONCILIATION, derive_from_drops
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted

FILE = Path(__file__).parents[1] / "docs" / "data.md"
LONGEST_EXAMPLE = 48

INTRODUCTION = """\
# The data
<!-- Written by `make docs` from the records, the SQL and an emulated merchant: change those, not this file. -->

What each table, view and column holds. `og query .tables` lists the tables, `DESCRIBE ordergroove.orders` the columns
of one, and every table and column has its meaning as a comment (`FROM duckdb_columns()`). Questions with their answers
are in [recipes.sql](recipes.sql), what could have been defined otherwise is in [decisions.md](decisions.md).

- `ordergroove` holds what Ordergroove said last, in its own words; `history` how objects were at each sync before;
  `drops` what [file drops](drops.md) told, where there are any; `analytics` what is derived; `ops` how the syncs went.
- `FROM history.orders_as_of('2026-07-01')` gives orders as they stood at an instant; so for each view of `history`.
- A `TIMESTAMP` is a UTC wall clock, a `TIMESTAMP WITH TIME ZONE` an instant. For the day in New York write
  `(created AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York'`. Days such as `place_date` are days as Ordergroove
  wrote them, and no zone moves them.
- Amounts are exact decimals in the currency of the order; `DECIMAL(18,4)` has four digits after the point.
- **Deleted** orders and items stay in their tables. The views `*_current` are without them.
- *personal* marks what tells about a person, which `ORDERGROOVE_PII` can hash or drop; *secret* a token or card field,
  which is never stored in clear.

## How they belong together
An item is one product in one order. An order is one box on one date, and may hold items of several subscriptions and
one-time items; a subscription has an item in each of its orders. So orders and subscriptions meet in items, and
`analytics.items_orders_bridge` has all of it in one row.
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of `schema.table` whose values are keys of a table of schema ordergroove.

    `one_to_one`: each row of that table has exactly one here.
    """

    table: str
    column: str
    target: str
    key: str
    means: str
    schema: str = "ordergroove"
    one_to_one: bool = False


MEANINGS = {
    ("addresses", "customer"): "lives at",
    ("payments", "customer"): "pays with",
    ("payments", "billing_address"): "bills",
    ("subscriptions", "customer"): "subscribes",
    ("subscriptions", "product"): "is sent by",
    ("subscriptions", "payment"): "pays",
    ("subscriptions", "shipping_address"): "receives",
    ("subscriptions", "cancel_reason_code_number"): "ends",
    ("orders", "customer"): "gets",
    ("orders", "payment"): "pays",
    ("orders", "shipping_address"): "receives",
    ("items", "order"): "holds",
    ("items", "subscription"): "ships as",
    ("items", "product"): "is in",
    ("one_time_incentives", "order"): "is discounted by",
    ("one_time_incentives", "item"): "is discounted by",
}
"""What the reference of an object's column says, read from the object that it names."""

REFERENCES = (
    *(
        Reference(object.name, column, target, BY_NAME[target].key[0], MEANINGS[object.name, column])
        for object in OBJECTS
        for column, target in object.references.items()
    ),
    Reference("orders", "status", "order_statuses", "code", "names"),
    Reference("items_orders_bridge", "item", "items", "public_id", "has", "analytics", one_to_one=True),
    Reference("items_orders_bridge", "order", "orders", "public_id", "has", "analytics"),
    Reference("order_totals", "order", "orders", "public_id", "adds up to", "analytics", one_to_one=True),
)
"""What refers to what, for the diagram and for those who join."""

INSTANT = "2025-06-03 17:30:00+00"
CHANGING_EXAMPLES = {
    ("sync_runs", "bytes"): "11868",
    ("sync_runs", "slowest_response_seconds"): "0.41",
    ("sync_runs", "clock_skew_seconds"): "-0.2",
    ("inbox_state", "identity"): "1f0e8c5a9d",
    ("schema_digest", "digest"): "581d528d2d537b7f",
    ("drop_files", "place"): "sftp://coffee@feeds.ordergroove.com:22/outgoing/",
}
"""Examples of what is another in each run or release: measured times, random names, hashes."""


@contextmanager
def example_warehouse() -> Iterator[DuckDBPyConnection]:
    """A warehouse of an emulated merchant from which the examples come; always the same."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = WarehouseResource(database=str(Path(folder) / "ordergroove.duckdb"))
        world = World(seed=0, customers=60)
        fill(warehouse, world, Path(folder) / "inbox.sqlite")
        _fill_drops(warehouse, world, Path(folder))
        with warehouse.get_connection(read_only=True) as connection:
            yield connection


def _fill_drops(warehouse: WarehouseResource, world: World, folder: Path) -> None:
    """The drops of the last two business days of the merchant."""
    writer = DropWriter(world, folder / "outgoing")
    for days in (2, 1):
        writer.write(world.today - timedelta(days=days))
    source, archive = LocalFolder(folder / "outgoing"), Archive(folder / "archive")
    for report in REPORTS:
        take(report, Drops(source, archive, KEEPING, rest=lambda: None), warehouse, run_id=RUN)
    with warehouse.get_connection() as connection:
        for table in (ID_MAP, RECONCILIATION):
            derive_from_drops(connection, table, drop_sources())


def data_dictionary(connection: DuckDBPyConnection) -> str:
    """The document on what is in this warehouse."""
    return "\n".join([INTRODUCTION, *_diagram(), *_tables(connection)])


def _diagram() -> list[str]:
    lines = ["```mermaid", "erDiagram"]
    lines += [
        f"    {reference.target} {'||--||' if reference.one_to_one else '||--o{'} {reference.table}"
        f' : "{reference.means} ({reference.column})"'
        for reference in REFERENCES
    ]
    return [*lines, "```", ""]


def _tables(connection: DuckDBPyConnection) -> list[str]:
    listed = connection.execute(read_sql("list_tables.sql")).fetchall()
    marks = {("ordergroove", object.name, column.name): column for object in OBJECTS for column in object.columns}
    lines: list[str] = []
    marks |= {("drops", report.name, column.name): column for report in REPORTS for column in report.columns}
    for schema in ("ordergroove", "history", "drops", "analytics", "ops"):
        lines += [f"## Schema {schema}", ""]
        for _, name, kind, _, meaning in (row for row in listed if row[0] == schema):
            lines += [f"### {schema}.{name}", f"{'View. ' if kind == 'view' else ''}{meaning}", ""]
            lines += ["| Column | Type | Meaning | Example |", "|---|---|---|---|"]
            for column, type, comment in _columns(connection, schema, name):
                mark = marks.get((schema, name.removesuffix("_current"), column))
                kept = " *personal*" if mark and mark.personal else " *secret*" if mark and mark.secret else ""
                example = _example(connection, schema, name, column, type)
                lines.append(f"| `{column}` | {type} | {_cell(comment)}{kept} | {example} |")
            lines += ["", *_references(schema, name)]
    return lines


def _columns(connection: DuckDBPyConnection, schema: str, table: str) -> list[tuple[str, str, str]]:
    return connection.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [schema, table],
    ).fetchall()


def _references(schema: str, table: str) -> list[str]:
    found = [reference for reference in REFERENCES if (reference.schema, reference.table) == (schema, table)]
    if not found:
        return []
    told = ", ".join(f"`{reference.column}` = `{reference.target}.{reference.key}`" for reference in found)
    return [f"Joins: {told}.", ""]


def _example(connection: DuckDBPyConnection, schema: str, table: str, column: str, type: str) -> str:
    """A value of the column, a telling one where there is any; nothing for a column that is always null."""
    text = f"CAST({quoted(column)} AS VARCHAR)"
    row = connection.execute(
        f"SELECT coalesce(min({text}) FILTER ({text} NOT IN ('', '[]', '{{}}', 'false', '0', '0.0000')), min({text}))"
        f" FROM {quoted(schema)}.{quoted(table)}"
    ).fetchone()
    value: Any = row[0] if row else None
    if not value:
        return ""
    value = CHANGING_EXAMPLES.get((table, column), INSTANT if type == "TIMESTAMP WITH TIME ZONE" else value)
    value = re.sub(r"\s+", " ", value)
    shown = value if len(value) <= LONGEST_EXAMPLE else f"{value[: LONGEST_EXAMPLE - 4]} ..."
    return f"`{_cell(shown)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the document."""
    # The emulated merchant lives in a year of its own; that its clock is not ours is not worth a word.
    logging.getLogger("og_assets").setLevel(logging.ERROR)
    with example_warehouse() as connection:
        FILE.write_text(data_dictionary(connection), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The stated lineage of columns against what the SQL does: change a column of a source, derive again, and look."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.lineage import column_lineage
from og_assets.assets.scope import Scope
from og_assets.merchants import Merchant
from og_assets.settings import Settings
from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.derive import derive
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.marts.all_marts import BASES, MARTS
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted
from og_assets_tests.code_location import definitions
from og_assets_tests.deletions.reconciling import Site, deletion, deletion_events

DERIVED = {table.name: table for table in ANALYTICS}
TABLES = {
    "orders": "ordergroove.orders",
    "items": "ordergroove.items",
    "events": "ordergroove.events",
    "orders_sweep": "ops.sweep_findings",
    "items_sweep": "ops.sweep_findings",
    "deletion_tombstones": "analytics.deletion_tombstones",
    "items_orders_bridge": "analytics.items_orders_bridge",
}
SCOPE = Scope(Merchant(Settings.from_environment({})))
ROWS = {"orders_sweep": "object = 'orders'", "items_sweep": "object = 'items'"}
JOINED_BY = {
    "deletion_tombstones": {
        "orders.public_id", "items.public_id", "items.order", "events.type", "events.object_id",
        "orders_sweep.object", "orders_sweep.id", "items_sweep.object", "items_sweep.id",
    },
    "items_orders_bridge": {
        "orders.public_id", "items.public_id", "items.order", "events.raw", "events.type", "events.object_id",
        "deletion_tombstones.object", "deletion_tombstones.id",
    },
    "order_totals": {
        "orders.public_id", "items_orders_bridge.item", "items_orders_bridge.order",
        "deletion_tombstones.object", "deletion_tombstones.id",
    },
}  # fmt: skip
"""Columns by which rows find each other: another value makes another row, so nothing is to be seen by changing it."""


@pytest.fixture
def connection(site: Site) -> Iterator[DuckDBPyConnection]:
    """A warehouse with tombstones from all sources, of rows that were fetched and of some that never were."""
    subscriptions = site.world.keys("subscriptions", "live")
    for subscription in subscriptions[:2]:
        site.world.cancel_subscription(subscription)
    site.receive(deletion_events(site.world))
    for subscription in subscriptions[2:5]:
        site.world.cancel_subscription(subscription)
    site.sweep()
    customer = site.world.keys("customers")[0]
    body = {"order": "o1", "subscription": "s1", "customer": customer}
    site.receive([deletion(site.world, "item.remove", "never fetched", **body)])
    site.execute(
        "INSERT INTO ordergroove.customers BY NAME"
        " SELECT * REPLACE ('x' || merchant_user_id AS merchant_user_id) FROM ordergroove.customers"
    )
    site.receive(
        [deletion(site.world, "order.delete", site.world.keys("orders", "status = 5")[0])],
        datetime.now(UTC) - timedelta(days=900),
    )
    site.receive([deletion(site.world, "order.delete", site.world.keys("orders", "status = 5")[1])])
    # An event whose envelope told no time.
    site.execute(
        "UPDATE ordergroove.events SET event_at = NULL WHERE event_id = (SELECT min(event_id) FROM ordergroove.events)"
    )
    site.derive(rebuild=True)
    assert {source for (source,) in site.rows("SELECT source FROM analytics.deletion_tombstones")} >= {
        "webhook",
        "sweep",
    }
    assert site.rows("SELECT count(*) FROM analytics.deletion_tombstones WHERE lifted_at IS NOT NULL") == [(1,)]
    with site.warehouse.get_connection() as connection:
        yield connection


@pytest.mark.parametrize("table", JOINED_BY)  # not the timelines: each of their rows has its place among all others
def test_each_stated_origin_changes_just_the_columns_it_is_stated_for(
    connection: DuckDBPyConnection, table: str
) -> None:
    """And all other columns of the sources together change none."""
    stated = _by_origin(table)
    wrong = {}
    for source in sorted({origin.partition(".")[0] for origin in stated}):
        joined = {name.partition(".")[2] for name in JOINED_BY[table] if name.startswith(f"{source}.")}
        names = [name for name in _columns(connection, TABLES[source]) if name not in joined]
        silent = [name for name in names if f"{source}.{name}" not in stated]
        assert _changed_by(connection, table, source, silent) == set(), (source, silent)
        for name in names:
            expected = stated.get(f"{source}.{name}", set())
            if expected:
                changed = _changed_by(connection, table, source, [name])
                if changed != expected:
                    wrong[f"{source}.{name}"] = (changed, expected)
    assert wrong == {}


@pytest.mark.parametrize("table", [*ANALYTICS, *MARTS], ids=lambda table: table.name)
def test_the_origins_of_columns_exist(table: DerivedTable) -> None:
    """What the origins are called is what their assets' column schemas say."""
    schemas = {
        key: {column.name for column in spec.metadata["dagster/column_schema"].columns}
        for spec in definitions().resolve_all_asset_specs()
        for key in [spec.key]
        if "dagster/column_schema" in spec.metadata  # not of the report, which is no table
    }
    for column, origins in column_lineage(SCOPE, table).deps_by_column.items():
        for origin in origins:
            assert origin.column_name in schemas[origin.asset_key], (column, origin)


def test_lineage_follows_the_graph_of_assets() -> None:
    """A column comes from an asset upstream, never from one that the graph does not know as such."""
    graph = definitions().resolve_asset_graph()
    for table in (*ANALYTICS, *MARTS):
        key = dg.AssetKey(["analytics", table.name])
        upstream = graph.get_ancestor_asset_keys(key)
        origins = {dep.asset_key for deps in column_lineage(SCOPE, table).deps_by_column.values() for dep in deps}
        assert origins <= upstream, (table.name, origins - upstream)


def test_a_mart_reads_the_columns_that_it_is_said_to_be_made_of() -> None:
    """Its query, the bases that it names or the copies that these name have the column beside its table."""
    copied = re.findall(r"CREATE TABLE scratch\.(\w+) AS\n(.*?);", read_sql("marts/read.sql"), re.DOTALL)
    made = [(name, read_sql(f"marts/{name}.sql")) for name in (*BASES, *(mart.name for mart in MARTS))]
    words = {name: set(re.findall(r"\w+", sql)) for name, sql in (*copied, *made)}
    # What tells the same as a mart: the bases that it is written out of.
    same = {mart.name: words[mart.name] & {*BASES} | {mart.name} for mart in MARTS}
    unread = []
    for mart in MARTS:
        read, found = set[str](), {mart.name}
        while found - read:
            read |= found
            found = set().union(*(words[name] & words.keys() for name in read))
        for column, origins in mart.made_of.items():
            for source, _, name in (origin.rpartition(".") for origin in origins):
                if not any(name in words[one] and words[one] & same.get(source, {source}) for one in read):
                    unread.append(f"{mart.name}.{column}: {source}.{name}")
    assert unread == []


def _by_origin(table: str) -> dict[str, set[str]]:
    """The columns that each origin is stated for."""
    stated: dict[str, set[str]] = {}
    for column, origins in DERIVED[table].made_of.items():
        for origin in origins:
            stated.setdefault(origin, set()).add(column)
    return stated


def _columns(connection: DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns()"
        " WHERE schema_name || '.' || table_name = ? AND database_name = current_database() ORDER BY column_index",
        [table],
    ).fetchall()
    return dict(rows)


def _changed_by(connection: DuckDBPyConnection, table: str, source: str, names: list[str]) -> set[str]:
    """The columns of a derived table that are others after these columns of the source were given other values."""
    types = _columns(connection, TABLES[source])
    changes = ", ".join(f"{quoted(name)} = {_another(name, types[name])}" for name in names)
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS before AS FROM analytics.{table}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS FROM {TABLES[source]}")
    connection.execute(f"UPDATE {TABLES[source]} SET {changes} WHERE {ROWS.get(source, 'true')}")
    derive(connection, DERIVED[table], rebuild=True)
    key = ", ".join(map(quoted, DERIVED[table].key))
    compared = ", ".join(
        f"count(*) FILTER (WHERE before.{quoted(name)} IS DISTINCT FROM after.{quoted(name)})"
        for name in DERIVED[table].made_of
    )
    counts = connection.execute(
        f"SELECT {compared}, count(*) FROM temp.before AS before JOIN analytics.{table} AS after USING ({key})"
    ).fetchone()
    assert counts is not None
    assert counts[-1] > 0, "no row is there any more to compare"
    connection.execute(f"DELETE FROM {TABLES[source]}")
    connection.execute(f"INSERT INTO {TABLES[source]} FROM temp.kept")
    return {name for name, count in zip(DERIVED[table].made_of, counts, strict=False) if count}


def _another(name: str, type: str) -> str:
    """SQL for another value than the column has."""
    column = quoted(name)
    if name == "raw":
        return f"""regexp_replace({column}, '"(order|subscription|customer)": "', '"\\1": "x', 'g')"""
    if type == "JSON":
        return "'{\"another\": 1}'"
    if type == "VARCHAR":
        return f"coalesce({column}, '') || 'x'"
    if type == "BOOLEAN":
        return f"NOT coalesce({column}, false)"
    if type.startswith(("TIMESTAMP", "DATE")):
        return f"coalesce({column}, now()) + INTERVAL 400 DAY"
    return f"coalesce({column}, 0) + 1"

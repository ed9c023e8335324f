"""A warehouse of an older release becomes one of this release when it is opened, with what is in it."""

import lzma
from pathlib import Path

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import ANALYTICS
from og_assets.warehouse.as_of import kept_since
from og_assets.warehouse.checks import Verdict, evaluate
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import DeriveReport, derive, prepare
from og_assets.warehouse.schema import VERSION
from og_assets_tests.pulling import pull_one
from og_assets_tests.warehouse import older_releases


def make_older(path: Path, version: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.5.0"}) as connection:
        older_releases.make(connection, version)
        connection.execute(
            "INSERT INTO ops.sync_runs (sync_id, object, mode, started_at, outcome)"
            " VALUES (7, 'orders', 'whole history', now(), 'succeeded')"
        )
        if version > 1:
            connection.execute(
                "INSERT INTO ordergroove.events VALUES ('e', 'order.delete', 'order', 'o', NULL, now(), '', 7)"
            )
            connection.execute("INSERT INTO ops.derived_state VALUES ('items_orders_bridge', 3, now())")
            connection.execute(
                "INSERT INTO analytics.deletion_tombstones BY NAME SELECT 'orders' AS object, 'o' AS id,"
                " now() AS deleted_at, now() AS detected_at, 'webhook' AS source"
            )


def derive_all(connection: DuckDBPyConnection) -> list[DeriveReport]:
    """What a sync does after its pulls."""
    prepare(connection, READ_BY_DERIVED)
    return [derive(connection, table) for table in ANALYTICS]


def catalog(connection: DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Every column of every table and view with what is known of it; column order and whether it may be null too."""
    return connection.execute(
        "SELECT schema_name, table_name, column_name, column_index, data_type, is_nullable, comment"
        " FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal"
        " UNION ALL SELECT schema_name, table_name, '', 0, 'table', NULL, comment FROM duckdb_tables()"
        " WHERE NOT temporary"
        " UNION ALL SELECT schema_name, view_name, '', 0, sql, NULL, comment FROM duckdb_views()"
        " WHERE NOT internal AND NOT temporary"
        " ORDER BY ALL"
    ).fetchall()


@pytest.fixture(scope="module")
def of_a_new_one(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The catalog of a warehouse that this release made: as it was opened, and once it has been derived."""
    with open_warehouse(tmp_path_factory.mktemp("new") / "warehouse.duckdb") as connection:
        opened = catalog(connection)
        derive_all(connection)
        return opened, catalog(connection)


@pytest.mark.parametrize("version", older_releases.VERSIONS)
def test_it_has_the_tables_and_views_of_a_new_one_and_its_rows(
    path: Path, version: int, of_a_new_one: tuple[list[tuple[object, ...]], list[tuple[object, ...]]]
) -> None:
    """Whatever release made it; and the bridge of one that knew no moves is derived anew.

    The totals have more columns than any of these releases gave them. Readers have them as they were until they are
    derived, then as they are now.
    """
    opened, derived = of_a_new_one
    make_older(path, version)
    with open_warehouse(path) as connection:
        others = {table for _, table, *_ in set(catalog(connection)) ^ set(opened)}
        assert others <= {"order_totals", "order_totals_current"}
        assert connection.execute("SELECT sync_id, last_load FROM ops.sync_runs").fetchall() == [(7, None)]
        knew_deletions = version >= 2
        events = connection.execute("SELECT event_id FROM ordergroove.events").fetchall()
        assert events == [("e",)] * knew_deletions
        tombstones = connection.execute("SELECT id FROM analytics.deletion_tombstones").fetchall()
        assert tombstones == [("o",)] * knew_deletions
        marks = connection.execute("SELECT through_load FROM ops.derived_state").fetchall()
        assert marks == ([(3,)] if version >= 5 else [])
        versions = connection.execute("SELECT version FROM ops.schema_versions ORDER BY ALL").fetchall()
        assert versions == [(each,) for each in (*range(1, version + 1), VERSION)]
        derive_all(connection)
        assert catalog(connection) == derived


@pytest.mark.parametrize("version", [6, 7, 9])
def test_it_knows_since_when_states_are_kept(path: Path, version: int) -> None:
    """Since the release that began it; a release without it begins now."""
    make_older(path, version)
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE ops.schema_versions SET applied_at = '2026-01-01 00:00:00+00'")
    with open_warehouse(path) as connection:
        since = kept_since(connection)
    assert since is not None
    assert (since.year == 2026 and since.month == 1) == (version >= 7)


@pytest.mark.parametrize("version", [3, 9])
def test_a_warehouse_that_such_a_release_filled_syncs_on(path: Path, version: int) -> None:
    """Rows and tombstones stay, from evidence alone as well; what is pulled and derived then passes its checks."""
    path.parent.mkdir(parents=True)
    path.write_bytes(lzma.decompress((older_releases.FOLDER / f"{version}.duckdb.xz").read_bytes()))
    with duckdb.connect(path, read_only=True) as connection:
        tombstones = connection.execute("FROM analytics.deletion_tombstones ORDER BY ALL").fetchall()
        items = connection.execute("SELECT public_id FROM ordergroove.items").fetchall()
    assert {source for _, _, _, _, _, source, *_ in tombstones} >= {"webhook", "sweep"}
    warehouse = WarehouseResource(database=str(path))
    with Emulator(World(1, customers=5)) as emulator:
        for name in ("customers", "subscriptions", "orders", "items"):
            pull_one(emulator, warehouse, BY_NAME[name], mode=PullMode.WHOLE_HISTORY)
        items += [(key,) for key in emulator.world.keys("items")]
    with warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        for rebuild in (False, True):
            for table in ANALYTICS:
                derive(connection, table, rebuild=rebuild)
            assert connection.execute("FROM analytics.deletion_tombstones ORDER BY ALL").fetchall() == tombstones
        assert sorted(connection.execute("SELECT item FROM analytics.items_orders_bridge").fetchall()) == sorted(items)
        found = [outcome for table in ANALYTICS for outcome in evaluate(connection, table.checks)]
    assert len(found) > len(ANALYTICS)
    assert [outcome for outcome in found if outcome.verdict is Verdict.ERROR or outcome.problem] == []


@pytest.mark.parametrize("name", ["order_totals", "order_status_changes"])
def test_a_table_that_a_release_gives_more_columns_is_derived_whole_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Until then readers have it as it was. One that grows by what was loaded, and one that is always made whole."""
    (now,) = (table for table in ANALYTICS if table.name == name)
    warehouse = WarehouseResource(database=str(path))
    with Emulator(World(1, customers=5)) as emulator:
        for object in ("customers", "subscriptions", "orders", "items"):
            pull_one(emulator, warehouse, BY_NAME[object], mode=PullMode.WHOLE_HISTORY)
    with warehouse.get_connection() as connection:
        derive_all(connection)
        expected = connection.execute(f"FROM {now.qualified_name} ORDER BY ALL").fetchall()
        for column, *_ in now.columns[-7:]:  # as a release left it that did not have these
            connection.execute(f'ALTER TABLE {now.qualified_name} DROP COLUMN "{column}"')
        older = connection.execute(f"FROM {now.qualified_name} ORDER BY ALL").fetchall()
        connection.execute("UPDATE ops.schema_digest SET digest = 'of that release'")
    with warehouse.get_connection() as connection:
        marked = {table for (table,) in connection.execute("SELECT table_name FROM ops.derived_state").fetchall()}
        assert marked == {table.name for table in ANALYTICS if table.name != name}
        assert connection.execute(f"FROM {now.qualified_name} ORDER BY ALL").fetchall() == older
        assert [report.rebuilt for report in derive_all(connection)] == [table.name == name for table in ANALYTICS]
        assert connection.execute(f"FROM {now.qualified_name} ORDER BY ALL").fetchall() == expected != older

"""One merchant, synced into a file and into lakes: all tables and views are the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.marts import prepare_reading
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.warehouse.marts.build import build_marts
from og_assets.warehouse.marts.options import Terms
from og_assets.warehouse.place import FilePlace, Place
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted
from og_assets.webhooks.inbox import Inbox
from og_assets_tests.deletions.reconciling import OpenWarehouse, Site
from og_assets_tests.lake.services import S3
from og_assets_tests.places import new_lake
from og_assets_tests.pulling import sync

DIFFERENT = {
    "ops.inbox_state": ("identity",),
    "ops.sync_runs": ("run_id", "filters", "slowest_response_seconds", "clock_skew_seconds"),
}


def live(place: Place, folder: Path, all_lived: Barrier) -> None:
    """A first sync, days with deletions, webhooks, a sweep, and a second sync; each derived, and the marts.

    The marts are built at the same time as those of the other places.
    """
    warehouse: Any = OpenWarehouse(place)
    folder.mkdir()
    inbox = Inbox(folder / "inbox.sqlite")
    with Emulator(World(3, customers=4)) as emulator:
        site = Site(emulator, warehouse, inbox)
        sync(emulator, warehouse)
        site.derive()
        for _ in range(4):
            site.world.simulate_day()
        site.receive(site.world.events)
        site.pull("subscriptions", "orders", "items", "products")
        site.sweep()
        site.derive()
    all_lived.wait(120)
    build_marts(warehouse, Terms("America/New_York", 9), prepare_reading)
    inbox.close()
    warehouse.close()


def contents(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables and views, in an order of their own."""
    with read_warehouse(place) as connection:
        listed = connection.execute(read_sql("list_tables.sql")).fetchall()
        return {f"{schema}.{name}": rows(connection, schema, name) for schema, name, *_ in listed}


def rows(connection: DuckDBPyConnection, schema: str, name: str) -> list[tuple[Any, ...]]:
    """The rows of a table or view, but for what differs from one time to the next."""
    left_out = DIFFERENT.get(f"{schema}.{name}", ())
    kept = [
        f"CAST({of_the_world(quoted(column)) if type == 'TIMESTAMP WITH TIME ZONE' else quoted(column)} AS VARCHAR)"
        for column, type, *_ in connection.execute(f"DESCRIBE {quoted(schema)}.{quoted(name)}").fetchall()
        if column not in left_out
    ]
    return connection.execute(f"SELECT {', '.join(kept)} FROM {quoted(schema)}.{quoted(name)} ORDER BY ALL").fetchall()


def of_the_world(column: str) -> str:
    """An instant of the world, which has whole seconds; of one of our clock, whether there is one."""
    text = f"CAST({column} AS VARCHAR)"
    return f"CASE WHEN {column} = date_trunc('second', {column}) THEN {text} WHEN {column} IS NOT NULL THEN 'ours' END"


@pytest.mark.long
def test_one_seed_is_the_same_in_a_file_in_a_folder_and_in_a_bucket(tmp_path: Path, catalog: str, s3: S3) -> None:
    """Every table and every view, row by row."""
    places = {
        "file": FilePlace(tmp_path / "warehouse.duckdb"),
        "folder": new_lake(catalog, tmp_path),
        "bucket": new_lake(catalog, tmp_path, s3.new_prefix()),
    }
    all_lived = Barrier(len(places))
    with ThreadPoolExecutor(len(places)) as pool:
        lives = [pool.submit(live, place, tmp_path / f"merchant_{name}", all_lived) for name, place in places.items()]
        for lived in lives:
            lived.result()
    file, folder, bucket = (contents(place) for place in places.values())
    assert {"analytics.deletion_tombstones", "history.orders_past", "analytics.skips"} < {*filter(file.get, file)}
    assert {name for name in file if folder.get(name) != file[name]} == set()
    assert {name for name in file if bucket.get(name) != file[name]} == set()
    assert folder.keys() == bucket.keys() == file.keys()

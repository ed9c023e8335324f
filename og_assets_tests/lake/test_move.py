"""`og move` copies a warehouse from a file into a lake and back, and a sync goes on there."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.move import copy_events, inbox_beside, run_move
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.merchants import Merchant, read_merchant
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import Settings
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseMissing
from og_assets.warehouse.move import Moved, MoveRefused, fingerprint, move
from og_assets.warehouse.place import FilePlace, Place
from og_assets.warehouse.tables import stored_table
from og_assets.webhooks.inbox import Inbox
from og_assets_tests.lake.services import S3
from og_assets_tests.lake.test_equal_places import contents
from og_assets_tests.places import new_lake
from og_assets_tests.pulling import assert_equals_world, pull_one
from og_assets_tests.webhooks.webhook_receivers import contents as contents_of
from og_assets_tests.webhooks.webhook_receivers import event, ids

SOME = [object for object in OBJECTS if object.name in {"customers", "orders"}]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A small merchant."""
    with Emulator(World(3, customers=4)) as emulator:
        yield emulator


def pull(emulator: Emulator, place: Place) -> None:
    """What a sync does for three objects; the tables have what the world has then."""
    warehouse = WarehouseResource(database=str(place))
    for object in SOME:
        pull_one(emulator, warehouse, object)
    assert_equals_world(emulator, warehouse, SOME)


def rows(moved: list[Moved]) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: table.rows for table in moved}


def test_a_file_goes_into_a_bucket_and_back_and_syncs_on(
    tmp_path: Path, catalog: str, s3: S3, emulator: Emulator
) -> None:
    """All tables and views are the same in the end, comments included, and a sync goes on from where the last was."""
    file, lake = FilePlace(tmp_path / "a.duckdb"), new_lake(catalog, tmp_path, s3.new_prefix())
    back = FilePlace(tmp_path / "b.duckdb")
    pull(emulator, file)
    before = contents(file)
    there = rows(move(file, lake))
    assert there["ordergroove.orders"] == len(before["ordergroove.orders"]) > 10
    assert contents(lake) == before
    emulator.world.simulate_day()
    pull(emulator, lake)
    assert rows(move(lake, back))["ops.sync_runs"] == there["ops.sync_runs"] + len(SOME)
    assert contents(back) == contents(lake)
    emulator.world.simulate_day()
    pull(emulator, back)
    with open_warehouse(back) as connection:
        assert connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL OR comment = ''"
        ).fetchone() == (0,)


def test_what_is_in_use_or_missing_is_refused(tmp_path: Path, catalog: str, emulator: Emulator) -> None:
    """And left as it is; a target that a killed move has made is no warehouse with data."""
    file, lake = FilePlace(tmp_path / "a.duckdb"), new_lake(catalog, tmp_path)
    with pytest.raises(WarehouseMissing):
        move(file, lake)
    pull_one(emulator, WarehouseResource(database=str(file)), SOME[0])
    with pytest.raises(MoveRefused, match="already"):
        move(file, FilePlace(tmp_path / "." / "a.duckdb"))
    with open_warehouse(lake):
        pass
    move(file, lake)
    with pytest.raises(MoveRefused, match="warehouse with data"):
        move(file, lake)


def test_the_command_takes_along_what_waits_in_the_inbox(tmp_path: Path, catalog: str, emulator: Emulator) -> None:
    """As it came, in its order; said again, nothing comes twice. It tells the address to set."""
    lake = new_lake(catalog, tmp_path)
    variables = {"WAREHOUSE": tmp_path / "a.duckdb", "WEBHOOK_INBOX": "data/acme_inbox.sqlite"}
    settings = Settings.from_environment({f"ORDERGROOVE_{name}": str(value) for name, value in variables.items()})
    with contextlib.chdir(tmp_path):
        acme = Merchant(settings, "acme")
        pull_one(emulator, WarehouseResource(database=str(settings.warehouse)), SOME[0])
        inbox = Inbox(settings.inbox)
        inbox.store_all([event(name) for name in ("b", "a", "c")])
        told = io.StringIO()
        run_move(Console(file=told, width=80), acme, settings.warehouse, lake)
        assert "the same by count and by hash" in told.getvalue()
        assert told.getvalue().endswith(f"{lake}\n")
        assert contents_of(Inbox(lake)) == contents_of(inbox)
        assert copy_events(inbox, Inbox(lake)) == 3
        assert ids(Inbox(lake)) == ["b", "a", "c"]
        inbox.close()


def test_an_inbox_that_a_person_has_named_stays_where_it_is(tmp_path: Path, catalog: str) -> None:
    """One that no setting names is beside the warehouse, for a merchant with a name under that name."""
    lake, file = new_lake(catalog, tmp_path), FilePlace(tmp_path / "a.duckdb")
    named = Merchant(Settings.from_environment({"ORDERGROOVE_WEBHOOK_INBOX": "mine.sqlite"}))
    assert inbox_beside(named, lake) == Path("mine.sqlite")
    only = Merchant(Settings.from_environment({}))
    acme = read_merchant("acme", {}, {})
    assert [inbox_beside(one, lake) for one in (only, acme)] == [lake, lake]
    assert inbox_beside(only, file) == Path("data/webhook_inbox.sqlite")
    assert inbox_beside(read_merchant("acme", {"warehouse": str(lake)}, {}), file) == Path("data/acme_inbox.sqlite")


def test_a_fingerprint_tells_any_other_value_and_no_other_order(tmp_path: Path) -> None:
    """Also where two rows change places, or one is there twice."""
    table = stored_table("main", "t", "", [("a", "INTEGER", ""), ("b", "VARCHAR", "")])
    with duckdb.connect() as connection:

        def of(values: str) -> tuple[int, int]:
            connection.execute(f"CREATE OR REPLACE TABLE t AS FROM (VALUES {values}) AS t (a, b)")
            return fingerprint(connection, "memory", table)

        assert of("(1, 'x'), (2, 'y')") == of("(2, 'y'), (1, 'x')")
        others = ["(1, 'y'), (2, 'x')", "(1, 'x'), (2, NULL)", "(1, 'x'), (1, 'x')", "(1, 'x'), (2, 'y'), (2, 'y')"]
        assert len({of("(1, 'x'), (2, 'y')"), *map(of, others)}) == 5

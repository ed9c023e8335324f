"""Many at once in one lake: loaders, a derivation, maintenance and readers; and a loader that is killed."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.windows import PullMode
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.derive import derive, prepare
from og_assets.warehouse.lake_maintenance import maintain
from og_assets.warehouse.place import Lake, Place, Turn
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets_tests.faults import killing
from og_assets_tests.faults.dying import Errand, Point
from og_assets_tests.places import new_lake
from og_assets_tests.pulling import assert_equals_world, pull_one

LOADED = ("customers", "subscriptions", "orders", "items", "addresses", "payments")
DERIVED = (TOMBSTONES, BRIDGE, ORDER_TOTALS)


@pytest.fixture
def lake(catalog: str, tmp_path: Path) -> Place:
    """A lake that is not made yet."""
    return new_lake(catalog, tmp_path)


def derive_all(place: Place, *, rebuild: bool = False) -> list[list[tuple[object, ...]]]:
    """Bring the derived tables up to date; their rows."""
    with open_warehouse(place, turn=Turn.DERIVE) as connection:
        prepare(connection, READ_BY_DERIVED)
        for table in DERIVED:
            derive(connection, table, rebuild=rebuild)
        return [connection.execute(f"FROM {table.qualified_name} ORDER BY ALL").fetchall() for table in DERIVED]


@pytest.mark.long
def test_six_loaders_a_derivation_and_maintenance_at_once(lake: Place) -> None:
    """Each has its turns: no number is given twice, all is loaded, and what is derived of it is true."""
    done = threading.Event()
    warehouse = WarehouseAt(lake)

    def load(name: str) -> None:
        pull_one(emulator, warehouse, BY_NAME[name], page_size=20, mode=PullMode.WHOLE_HISTORY)  # type: ignore[arg-type]

    def derive_until_done() -> int:
        rounds = 0
        while not done.is_set():
            derive_all(lake)
            rounds += 1
        return rounds

    derive_all(lake)  # makes the tables: who makes one at the same time as another is refused, and tries again
    with Emulator(World(1, customers=5)) as emulator, ThreadPoolExecutor(8) as pool:
        derivation = pool.submit(derive_until_done)
        maintenance = pool.submit(maintain, lake, kept=timedelta(days=1))
        try:
            for loader in [pool.submit(load, name) for name in LOADED]:
                loader.result()
        finally:
            done.set()
        assert derivation.result() > 0
        assert maintenance.result()
        assert_equals_world(emulator, warehouse, [BY_NAME[name] for name in LOADED])  # type: ignore[arg-type]
    with open_warehouse(lake, read_only=True) as connection:
        begun = connection.execute("SELECT count(*), count(DISTINCT sync_id) FROM ops.sync_runs").fetchone()
    assert begun == (6, 6)
    assert derive_all(lake) == derive_all(lake, rebuild=True)


def test_a_killed_load_leaves_its_turn_free_and_files_that_maintenance_removes(lake: Place) -> None:
    """Nothing of its open transaction is there; the next sync has all."""
    assert isinstance(lake, Lake)
    data, warehouse = Path(lake.data_path), WarehouseAt(lake)
    with Emulator(World(customers=6)) as emulator:
        day = emulator.world.now.date().isoformat()
        errand = Errand(
            url=emulator.url,
            key=EMULATOR_KEY,
            database=str(lake),
            object_name="orders",
            run_id="killed",
            mode=PullMode.WHOLE_HISTORY,
            days=(day, day),
            today=day,
            page_size=5,
            pages_per_segment=1,
        )
        process = killing.start(errand, Point("function", "og_assets.warehouse.sync_log:report", "after", 2))
        assert killing.finish(process) == -signal.SIGKILL
        with open_warehouse(lake, lock_timeout_seconds=5) as connection:
            name = connection.execute("SELECT current_database()").fetchall()[0][0]
            orphaned = connection.execute(
                f"CALL ducklake_delete_orphaned_files('{name}', older_than => now(), dry_run => true)"
            ).fetchall()
        assert orphaned
        pull_one(emulator, warehouse, BY_NAME["orders"])  # type: ignore[arg-type]
        maintain(lake, kept=timedelta(days=1), orphaned_after=timedelta(0))
        assert {Path(file) for (file,) in orphaned}.isdisjoint(data.rglob("*.parquet"))
        assert_equals_world(emulator, warehouse, [BY_NAME["orders"]])  # type: ignore[arg-type]


def test_a_transaction_reads_the_same_rows_before_and_after_maintenance(lake: Place) -> None:
    """Its snapshot is kept, and the files of it: merging writes new ones."""
    with open_warehouse(lake) as connection:
        for number in range(3):
            connection.execute("INSERT INTO ops.orders_to_total VALUES (?)", [str(number)])
    with open_warehouse(lake, read_only=True) as reader:
        reader.begin()
        before = reader.execute("FROM ops.orders_to_total ORDER BY ALL").fetchall()
        with open_warehouse(lake) as connection:
            connection.execute("""DELETE FROM ops.orders_to_total WHERE "order" = '1'""")
        merged = maintain(lake, kept=timedelta(days=1), orphaned_after=timedelta(0))
        assert "merge ops.orders_to_total" in {step.name for step in merged if step.count}
        assert reader.execute("FROM ops.orders_to_total ORDER BY ALL").fetchall() == before == [("0",), ("1",), ("2",)]
    with open_warehouse(lake, read_only=True) as reader:
        assert reader.execute("FROM ops.orders_to_total ORDER BY ALL").fetchall() == [("0",), ("2",)]

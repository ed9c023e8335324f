"""How a run ends in ops.sync_runs that is stopped in the middle of a statement of DuckDB's."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.errors import what_stopped
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync.logged_run import logged_run
from og_assets.warehouse.place import Turn
from og_assets.warehouse.progress import SyncPlan
from og_assets.warehouse.warehouse import WarehouseAt
from og_assets_tests.pulling import pull_one

FOR_EVER = "SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b WHERE a.range * b.range % 7 = 3"


def test_a_signal_in_a_statement_cancels(tmp_path: Path) -> None:
    """DuckDB raises an error of its own then, which is no failure of the pull."""
    warehouse = WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))
    plan = SyncPlan(object_name="orders", run_id="a run", mode="since_watermark", started_at=datetime.now(UTC))
    stop = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    with pytest.raises(RuntimeError) as raised, logged_run(warehouse, lambda _: plan):
        with warehouse.get_connection() as connection:
            stop.start()
            connection.execute(FOR_EVER)
    assert isinstance(what_stopped(raised.value), KeyboardInterrupt)
    with warehouse.get_connection() as connection:
        assert connection.execute("SELECT outcome, error FROM ops.sync_runs").fetchall() == [("canceled", None)]


@dataclass(frozen=True, slots=True)
class StoppedAsALoadWaits(WarehouseAt):
    """A warehouse whose loads get their turn after somebody has pressed Ctrl-C, and what that did is logged."""

    openings: list[bool] = field(default_factory=list)
    logged: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """A load presses Ctrl-C and waits until the other thread has opened the warehouse once more."""
        main = threading.current_thread() is threading.main_thread()
        if not main:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert self.logged.wait(60)
        with WarehouseAt.get_connection(self, read_only, turn) as connection:
            yield connection
        self.openings.append(main)
        if self.openings.count(True) == 2:
            self.logged.set()


def test_a_load_that_gets_its_turn_after_the_pull_was_stopped_leaves_all_as_it_is(tmp_path: Path) -> None:
    """A list without records, for which no staged rows are gone by then: it would move the watermark."""
    warehouse = StoppedAsALoadWaits(tmp_path / "warehouse.duckdb")
    with Emulator(World(customers=0)) as emulator, pytest.raises(KeyboardInterrupt):
        pull_one(emulator, warehouse, BY_NAME["orders"])
    for thread in threading.enumerate():
        if thread.name == "load-behind":
            thread.join()
    assert warehouse.openings == [True, True, False]
    with WarehouseAt(warehouse.where).get_connection() as connection:
        assert connection.execute("SELECT outcome, error FROM ops.sync_runs").fetchall() == [("canceled", None)]
        assert connection.execute("SELECT count(*) FROM ops.sync_state WHERE watermark IS NOT NULL").fetchone() == (0,)

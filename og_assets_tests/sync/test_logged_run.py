"""How a run ends in ops.sync_runs that is stopped in the middle of a statement of DuckDB's."""

import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.errors import what_stopped
from og_assets.sync.logged_run import logged_run
from og_assets.warehouse.progress import SyncPlan

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

"""Several processes, and processes that die: the old state or the new one, nothing between."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from warehouse_rows import begin, load, order, stored

from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.load import read_watermark
from og_assets.warehouse.staging import staging_folder

StartPython = Callable[..., "subprocess.Popen[str]"]

LOAD_MANY_TIMES = """
import sys
from pathlib import Path
from warehouse_rows import begin, load, order
from og_assets.warehouse.connecting import open_warehouse
path, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(times):
    with open_warehouse(path, busy_timeout_seconds=0) as connection:
        run = begin(connection, name)
    with open_warehouse(path, busy_timeout_seconds=0) as connection:
        load(connection, path, run, [order(f"{name}-{number}-{row}") for row in range(20)], finished=True)
"""

DIE_WHILE_LOADING = """
import os, signal, sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from warehouse_rows import NOON, begin, load, order
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.load import Progress

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class FatalRetries(Mapping):
    def __getitem__(self, key): die()
    def __iter__(self): die()
    def __len__(self): return 1

class FatalQuarantine(Sequence):
    def __getitem__(self, index): die()
    def __len__(self): die()

def rows():
    yield order("a", status=2)
    yield order("b", status=2)
    if moment == "staging": die()

path, moment = Path(sys.argv[1]), sys.argv[2]
with open_warehouse(path) as connection:
    load(
        connection, path, begin(connection), rows(),
        progress=Progress(retries=FatalRetries() if moment == "reporting" else {}),
        quarantined=FatalQuarantine() if moment == "quarantining" else [],
        watermark=NOON + timedelta(days=1), finished=True,
    )
    if moment == "committed": die()
"""


def test_six_processes_take_turns(path: Path, start_python: StartPython) -> None:
    """None fails, though none waits for a locked database: the lock file orders them. Numbers are unique."""
    processes = [start_python(LOAD_MANY_TIMES, path, f"object{number}", 6) for number in range(6)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with open_warehouse(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT public_id) FROM ordergroove.orders").fetchone() == (
            720,
            720,
        )
        runs = connection.execute("SELECT count(*), max(sync_id), count(DISTINCT sync_id) FROM ops.sync_runs")
        assert runs.fetchone() == (36, 36, 36)


@pytest.mark.parametrize("moment", ["staging", "quarantining", "reporting"])
def test_killed_before_the_commit_leaves_the_old_state(path: Path, start_python: StartPython, moment: str) -> None:
    """Then the same again succeeds, and what was left lying about is gone."""
    with open_warehouse(path) as connection:
        load(connection, path, begin(connection, run_id="first"), [order("a", status=1)], finished=True)
    killed = start_python(DIE_WHILE_LOADING, path, moment)
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL
    with open_warehouse(path) as connection:
        assert stored(connection) == [("a", 1, 1)]
        assert read_watermark(connection, "orders") is None
    again = start_python(DIE_WHILE_LOADING, path, "never")
    again.communicate(timeout=30)
    assert again.returncode == 0
    with open_warehouse(path) as connection:
        assert stored(connection) == [("a", 2, 3), ("b", 2, 3)]
        outcomes = connection.execute("SELECT outcome FROM ops.sync_runs ORDER BY sync_id").fetchall()
        assert outcomes == [("succeeded",), ("abandoned",), ("succeeded",)]
    assert [entry.name for entry in staging_folder(path).iterdir()] == [".lock"]


def test_killed_after_the_commit_keeps_the_new_state(path: Path, start_python: StartPython) -> None:
    """A committed batch is in the file even when the process could not close it."""
    killed = start_python(DIE_WHILE_LOADING, path, "committed")
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL
    with open_warehouse(path) as connection:
        assert stored(connection) == [("a", 2, 1), ("b", 2, 1)]
        assert read_watermark(connection, "orders") is not None

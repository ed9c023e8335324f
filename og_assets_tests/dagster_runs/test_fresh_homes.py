"""A home that nobody has used yet, opened by two processes at the same time, as systemd starts UI and daemon.

`make soak` does it two hundred times.
"""

import multiprocessing
import sqlite3
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from og_assets.commands.home import open_home, use_home
from og_assets_tests.load import SOAK

HOMES = 200 if SOAK else 3
AT_ONCE = 2


def open_when_all_are_there(home: Path, barrier: Barrier) -> None:
    """One of the processes."""
    use_home(home)
    barrier.wait(60)
    open_home()


@pytest.mark.soak
def test_home_opened_by_two_processes_at_once_works(tmp_path: Path) -> None:
    """Neither fails, and each database has one revision, not the two that nobody can open."""
    processes = multiprocessing.get_context("forkserver")
    # They start in no time, so that both really are at it at once.
    processes.set_forkserver_preload([__name__, "dagster._core.storage.sqlite_storage", "alembic.command"])
    for number in range(HOMES):
        home = tmp_path / f"{number}"
        barrier = processes.Barrier(AT_ONCE)
        started = [processes.Process(target=open_when_all_are_there, args=(home, barrier)) for _ in range(AT_ONCE)]
        for process in started:
            process.start()
        for process in started:
            process.join(60)
            process.kill()
            process.join()
        assert [process.exitcode for process in started] == [0] * AT_ONCE, home
        for file in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
            with closing(sqlite3.connect(home / file)) as connection:
                assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,), home / file

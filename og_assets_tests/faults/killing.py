"""Starts pulls in processes of their own and ends them: at a named point, at one by dice, or at an instant."""

import multiprocessing
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from og_assets.emulator.server import EMULATOR_KEY
from og_assets.sync.windows import CHICAGO, PullMode
from og_assets_tests.faults.dying import Errand, Point, run
from og_assets_tests.faults.rig import PAGE_SIZE, Rig

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["og_assets.sync.pull", "og_assets.assets.warehouse_resource"])
DEADLINE = 120

_counts: dict[tuple[Any, ...], int] = {}


def errand(rig: Rig, *, run_id: str = "killed", **differing: Any) -> Errand:
    """A sync of the rig's object, with two pages in a batch."""
    today = rig.world.now.astimezone(CHICAGO).date().isoformat()
    return Errand(
        **{
            "url": rig.emulator.url,
            "key": EMULATOR_KEY,
            "database": rig.warehouse.database,
            "object_name": rig.object.name,
            "run_id": run_id,
            "mode": PullMode.SINCE_WATERMARK,
            "days": (today, today),
            "today": today,
            "page_size": PAGE_SIZE,
            "pages_per_segment": 2,
            **differing,
        }
    )


def start(errand: Errand, point: Point | None = None, told: Path | None = None) -> ForkServerProcess:
    """Start a pull that dies at a point, if one is given; `told` is where it says how it ended, if it lives.

    Its process is forked from one that has all imported, and costs no more than the pull.
    """
    process = PROCESSES.Process(target=run, args=(errand, point, str(told) if told else None))
    process.start()
    return process


def finish(process: ForkServerProcess) -> int:
    """Wait for the end of a process and return its exit code, negative for a signal."""
    process.join(DEADLINE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"a pull did not end in {DEADLINE} s")
    return process.exitcode


def kill_at(rig: Rig, point: Point) -> None:
    """A pull that is killed at a point, which it must reach."""
    code = finish(start(errand(rig), point))
    assert code == -signal.SIGKILL, f"the pull ended with {code} and was not killed at {point}"


def kill_at_any(rig: Rig, kind: str, when: str) -> None:
    """A pull that is killed at a happening of a kind, by dice."""
    total = _count(rig, kind)
    code = finish(start(errand(rig), Point(kind, ".*", when, rig.dice.randint(1, total))))  # type: ignore[arg-type]
    assert code in (0, -signal.SIGKILL), f"the pull ended with {code}"


def kill_at_an_instant(rig: Rig) -> None:
    """A pull that is killed after a time by dice, wherever it is: in DuckDB's own code, too."""
    delay = rig.dice.uniform(0, _count(rig, "seconds") / 1e6)
    process = start(errand(rig))
    process.join(delay)
    process.kill()
    assert finish(process) in (0, -signal.SIGKILL)


def _count(rig: Rig, kind: str) -> int:
    """How many happenings of a kind such a pull has, or how many microseconds; found out once."""
    known = (rig.object.name, rig.synced, kind)
    if known not in _counts:
        database = rig.folder / f"counting-{kind}" / "warehouse.duckdb"
        database.parent.mkdir(parents=True)
        if rig.warehouse.place.path.exists():
            database.write_bytes(rig.warehouse.place.path.read_bytes())
        told = rig.folder / "counted"
        started = time.monotonic()
        point = None if kind == "seconds" else Point(kind, ".*", nth=0)  # type: ignore[arg-type]
        assert finish(start(errand(rig, database=str(database)), point, told)) == 0
        _counts[known] = int((time.monotonic() - started) * 1e6) if kind == "seconds" else int(told.read_text())
    return _counts[known]

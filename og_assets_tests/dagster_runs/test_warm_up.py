"""What the fork server has in memory before a step starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

STEP = """
import json, sys
import og_assets.warm_up
before = set(sys.modules)
from dagster_jobs import run_here, sync_job
import dagster as dg
with dg.DagsterInstance.get() as instance:
    assert run_here(instance, sync_job(), ["customers"]).success
print(json.dumps(sorted(set(sys.modules) - before)))
"""
FOLDER_OF_SQL = "og_assets.warehouse.sql"
SLOW_TO_IMPORT = {"alembic", "dagster", "duckdb", "httpcore", "httpx", "numpy", "og_assets", "pandas", "sqlalchemy"}


def test_step_finds_every_module_in_memory(variables: dict[str, str]) -> None:
    """A step of a warmed process imports nothing that takes long, which would be paid again by every step."""
    finished = subprocess.run(
        [sys.executable, "-c", STEP],
        env={**os.environ, **variables, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    imported = set(json.loads(finished.stdout.splitlines()[-1])) - {FOLDER_OF_SQL}
    assert [name for name in imported if name.split(".")[0] in SLOW_TO_IMPORT] == []


def test_warming_up_leaves_no_thread_and_no_output(variables: dict[str, str]) -> None:
    """A fork copies one thread only, so that a lock held by another would stay locked in every step."""
    finished = subprocess.run(
        [sys.executable, "-c", "import og_assets.warm_up, threading; print(threading.active_count())"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (finished.stdout, finished.stderr) == ("1\n", "")

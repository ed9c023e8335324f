"""`og sync` makes runs of the code location, and stopping one cancels it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster_jobs import instance_in

from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.warehouse.connecting import open_warehouse
from og_assets_tests.background import ignoring

SLOW = 0.5
"""Seconds that each answer takes, so that a sync is still reading when it is stopped."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A merchant that answers slowly."""
    with Emulator(World(customers=30), latency=SLOW) as emulator:
        yield emulator


def outcomes(variables: dict[str, str]) -> set[str]:
    """How the pulls have ended."""
    with open_warehouse(Path(variables["ORDERGROOVE_WAREHOUSE"]), read_only=True) as connection:
        return {outcome for (outcome,) in connection.execute("SELECT outcome FROM ops.sync_runs").fetchall()}


@pytest.mark.long
@pytest.mark.parametrize("stop", ["SIGTERM in the background", "the UI"])
def test_stopped_sync_is_canceled_at_once_in_dagster_and_in_the_sync_log(
    variables: dict[str, str], tmp_path: Path, stop: str
) -> None:
    """Not failed, not running until something notices; and the run belongs to the job of the code location."""
    command = subprocess.Popen(
        [*ignoring("INT"), sys.executable, "-m", "og_assets", "sync"],
        env={**os.environ, **variables},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with instance_in(variables) as instance:
        try:
            while not (runs := of_the_job(instance)) or not is_reading(instance, runs[0]):
                assert command.poll() is None, command.stdout.read()
                time.sleep(0.1)
            if stop == "the UI":
                instance.report_run_canceling(runs[0])
            else:
                command.terminate()
            output, _ = command.communicate(timeout=120)
        finally:
            command.kill()
        assert command.returncode == 1
        assert "Traceback" not in output
        assert instance.get_run_by_id(runs[0].run_id).status is dg.DagsterRunStatus.CANCELED
    assert outcomes(variables) <= {"succeeded", "canceled"}
    assert "canceled" in outcomes(variables)


def of_the_job(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that the page of the job `sync` and the timeline show."""
    of_the_location = {".dagster/repository": "__repository__@og_assets.definitions"}
    return list(instance.get_runs(dg.RunsFilter(job_name="sync", tags=of_the_location)))


def is_reading(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a pull has begun."""
    logs = instance.all_logs(run.run_id)
    return any("pulls" in entry.user_message for entry in logs)

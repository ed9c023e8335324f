"""Real Dagster runs for tests: an instance of their own, step processes, runs on the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from og_assets.automation.jobs import range_tags
from og_assets.settings import Settings
from og_assets.sync.windows import CHICAGO

if TYPE_CHECKING:  # every step process imports this module
    from og_assets.emulator.server import Emulator

REPOSITORY = Path(__file__).parents[2]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def sync_job() -> dg.JobDefinition:
    """The job `sync`, for `dg.reconstructable`."""
    return _definitions().resolve_job_def("sync")


def full_refresh_job() -> dg.JobDefinition:
    """The job `full_refresh`, for `dg.reconstructable`."""
    return _definitions().resolve_job_def("full_refresh")


def _definitions() -> dg.Definitions:
    """The code location of the environment of this moment."""
    from og_assets.definitions import build_defs
    from og_assets.merchants import load_merchants

    return build_defs(load_merchants())


def today() -> date:
    """Today, as partitions count it."""
    return datetime.now(CHICAGO).date()


def environment(emulator: "Emulator", folder: Path) -> dict[str, str]:
    """Variables that point og_assets at an emulator and Dagster at a home of its own, with the project's settings."""
    from og_assets.emulator.server import EMULATOR_KEY

    home = folder / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    return {
        "DAGSTER_HOME": str(home),
        "ORDERGROOVE_API_KEY": EMULATOR_KEY,
        "ORDERGROOVE_BASE_URL": emulator.url,
        "ORDERGROOVE_WAREHOUSE": str(folder / "warehouse" / "ordergroove.duckdb"),
        "ORDERGROOVE_WEBHOOK_INBOX": str(folder / "warehouse" / "inbox.sqlite"),
        "ORDERGROOVE_SCHEDULES": "off",
    }


@contextmanager
def instance_in(variables: Mapping[str, str]) -> Iterator[dg.DagsterInstance]:
    """The instance of an environment, with the environment in place for the processes that runs start."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    finally:
        os.environ.clear()
        os.environ.update(before)


def run_here(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition,
    assets: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job in this process, whose environment its steps see; for today without `tags`. A failure is a result.

    A request is tried for two seconds only. Dagster lets whoever gives one option of a resource give all of them.
    """
    settings = Settings.from_environment(os.environ)
    impatient = {
        "api_key": {"env": "ORDERGROOVE_API_KEY"},
        "base_url": settings.base_url,
        "source_tz": settings.source_tz,
        "personal_data": settings.personal_data.value,
        "salt": settings.salt.get_secret_value() if settings.salt else "",
        "retry_budget_seconds": 2,
    }
    return job.execute_in_process(
        instance=instance,
        tags=tags or range_tags(today(), today()),
        run_config={**QUIET, "resources": {"ordergroove": {"config": impatient}}},
        asset_selection=_keys(assets),
        raise_on_error=False,
    )


def run_jobs(variables: Mapping[str, str], *runs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run jobs one after the other in a process of their own, each step in a process of its own.

    Each run names `job` ("sync" or "full_refresh") and may name `days` (first and last) and `assets`.
    The answers have `success`, `run_id` and the `failures`. A process of its own because step
    processes are forked from a server that keeps the environment it was started in.
    """
    finished = subprocess.run(
        [sys.executable, __file__, json.dumps(runs, default=str)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert finished.returncode == 0, finished.stderr
    answers: list[dict[str, Any]] = json.loads(finished.stdout.splitlines()[-1])
    return answers


def _run(instance: dg.DagsterInstance, run: Mapping[str, Any]) -> dict[str, Any]:
    first_day, last_day = map(date.fromisoformat, run.get("days") or (str(today()), str(today())))
    result = dg.execute_job(
        dg.reconstructable(sync_job if run["job"] == "sync" else full_refresh_job),
        instance=instance,
        tags=range_tags(first_day, last_day),
        run_config=QUIET,
        asset_selection=_keys(run.get("assets")),
    )
    return {
        "success": result.success,
        "run_id": result.run_id,
        "failures": [event.message for event in result.all_events if event.is_failure],
    }


def _keys(assets: Sequence[str] | None) -> list[dg.AssetKey] | None:
    return [dg.AssetKey(["ordergroove", name]) for name in assets] if assets else None


def materialize_on_the_command_line(
    variables: Mapping[str, str], *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`dagster asset materialize` as a person types it."""
    return subprocess.run(
        [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "og_assets.definitions", *arguments],
        env={**os.environ, **variables},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def failure_messages(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The message of each step that failed, without its stack."""
    failures = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return [entry.get_dagster_event().step_failure_data.error.message for entry in failures]


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        answers = [_run(instance, run) for run in json.loads(sys.argv[1])]
    print(json.dumps(answers))  # noqa: T201 - the answer to the test that started this

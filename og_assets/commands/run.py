"""One run of a job, started here and now: a run of the code location like those of UI and daemon, with or without them.

Dagster's own `dagster job execute` makes runs that no job's page knows and that cannot be executed again, and
`dagster job launch` leaves them waiting for a daemon.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.events import DagsterEvent
from dagster._core.origin import JobPythonOrigin
from dagster._core.remote_origin import RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origin_from_module_name
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import serialize_value
from rich.console import Console
from rich.markup import escape

from og_assets.assets.events import UNFINISHED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.child_process import GRACE_SECONDS, child, uninterrupted
from og_assets.commands.home import open_home
from og_assets.commands.watching import step_name, watch
from og_assets.sync.live import FOLDER, Spectator
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.place import Place
from og_assets.warehouse.sync_log import end_syncs

CODE_LOCATION = "og_assets.definitions"


def run_job(
    console: Console, job_name: str, warehouse: Place, *, tags: Mapping[str, str], folder: Path
) -> tuple[str, bool]:
    """Run a job that loads `warehouse`, in a process of Dagster's own that starts in `folder`.

    Shows how far it is and why it failed. Returns the run's id and whether it succeeded. A run that is interrupted is
    canceled at once.
    """
    open_home()
    log = Path(os.environ["DAGSTER_HOME"]) / f"{job_name}.log"
    with dg.DagsterInstance.get() as instance, log.open("w") as output, TemporaryDirectory(prefix="og_") as live:
        with console.status("Dagster is starting") if console.is_terminal else nullcontext():
            code = _code(job_name, folder)
            others = instance.get_run_ids(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED))
            run = create_run(instance, job_name, tags, folder)
        if others:
            console.print(f"The run {others[0]} of `{job_name}` is not over; where both read the same, this one waits.")
        execute = serialize_value(ExecuteRunArgs(code, run.run_id, instance.get_ref()))
        command = [sys.executable, "-m", "dagster", "api", "execute_run", execute]  # as in Dagster's containers
        try:
            environment = {**os.environ, FOLDER: live}
            with child(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT) as process:
                try:
                    watch(console, instance, run, process, Spectator(Path(live)))
                except KeyboardInterrupt:
                    console.print("Stopping. What is loaded stays, and the next sync goes on from there.")
                    with uninterrupted():  # without it Dagster takes the end of the process for a failure
                        instance.report_run_canceling(run)
                    raise
        finally:
            with uninterrupted():
                status = _settle(instance, run, warehouse)
        if status is dg.DagsterRunStatus.FAILURE:
            tell_why(console, instance, run.run_id, log)
        elif status is dg.DagsterRunStatus.CANCELED:
            console.print("[red]The run was canceled.[/]")
    return run.run_id, status is dg.DagsterRunStatus.SUCCESS


def create_run(instance: dg.DagsterInstance, job_name: str, tags: Mapping[str, str], folder: Path) -> dg.DagsterRun:
    """A run that is about to start, by the names under which UI and daemon know the job."""
    from og_assets.definitions import defs

    job = defs.resolve_job_def(job_name)
    location = location_origin_from_module_name(CODE_LOCATION, None, str(folder.absolute()))
    repository = RemoteRepositoryOrigin(location, defs.get_repository_def().name)
    run = instance.create_run_for_job(
        job,
        tags={**job.run_tags, **tags},
        remote_job_origin=repository.get_job_origin(job_name),
        job_code_origin=_code(job_name, folder),
    )
    starting = DagsterEvent(event_type_value=dg.DagsterEventType.PIPELINE_STARTING.value, job_name=job_name)
    instance.report_dagster_event(starting, run.run_id)
    return run


def _code(job_name: str, folder: Path) -> JobPythonOrigin:
    """Where the process of a run finds its job."""
    repository = ReconstructableRepository.for_module(CODE_LOCATION, "defs", str(folder.absolute()))
    return repository.get_reconstructable_job(job_name).get_python_origin()


def _settle(instance: dg.DagsterInstance, run: dg.DagsterRun, warehouse: Place) -> dg.DagsterRunStatus:
    """The status of a run whose process has ended; one that could not say how it ended is canceled or failed."""
    ended = instance.get_run_by_id(run.run_id) or run
    if ended.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(ended)
    elif not ended.is_finished:
        instance.report_run_failed(ended, "The process of the run has ended before the run.")
    settled = instance.get_run_by_id(run.run_id) or run
    if settled.status is not dg.DagsterRunStatus.SUCCESS:
        _end_pulls(settled, warehouse)
    return settled.status


def _end_pulls(run: dg.DagsterRun, place: Place) -> None:
    """Note in the sync log that pulls have ended which could not say so; not when the warehouse stays busy."""
    warehouse = WarehouseResource(
        database=str(place), lock_timeout_seconds=GRACE_SECONDS, busy_timeout_seconds=GRACE_SECONDS
    )
    outcome = "canceled" if run.status is dg.DagsterRunStatus.CANCELED else "failed"
    try:
        if place.exists():
            with warehouse.get_connection() as connection:
                end_syncs(connection, run.root_run_id or run.run_id, outcome)
    except WarehouseError:
        return


def tell_why(console: Console, instance: dg.DagsterInstance, run_id: str, log: Path) -> None:
    """Each reason for which steps failed, once, or the end of the log when no step has one."""
    console.print(f"[red]The run failed.[/] Its log is {log}.")
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    steps: dict[str, list[str]] = {}
    for record in records:
        event = record.event_log_entry.get_dagster_event()
        failure = event.step_failure_data
        told = failure.user_failure_data
        reason = (told.description if told else None) or (failure.error.message if failure.error else "")
        name = step_name(event)
        steps.setdefault(reason.strip().removeprefix(f"{name}: "), []).append(name)
    for reason, names in steps.items():
        console.print(f"   [bold]{', '.join(names)}[/]: {escape(reason)}", soft_wrap=True)
    if not records:
        console.print(escape("\n".join(log.read_text(errors="replace").splitlines()[-15:])))

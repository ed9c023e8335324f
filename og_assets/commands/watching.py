"""How far a Dagster run is: a bar for a person who watches, a line per finished step for a log."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from og_assets.commands.child_process import uninterrupted

SECONDS_BETWEEN_LOOKS = 0.5


def watch(console: Console, instance: dg.DagsterInstance, run: dg.DagsterRun, process: "subprocess.Popen[Any]") -> None:
    """Show how far a run is until its process ends. One that is terminated in the UI is ended."""
    columns = (
        TextColumn("  "),
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=len(run.step_keys_to_execute or ()))
        for step, seconds in _finished_steps(instance, run.run_id, process):
            progress.update(bar, advance=1, description=step)
            if not console.is_terminal:
                console.print(f"   {step}: {seconds:.1f} s", highlight=False)


def _finished_steps(
    instance: dg.DagsterInstance, run_id: str, process: "subprocess.Popen[Any]"
) -> Iterator[tuple[str, float]]:
    """The steps that succeeded, as they do, by the name of their asset, with the seconds that they took."""
    cursor = None
    ended = False
    while not ended:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=SECONDS_BETWEEN_LOOKS)
            ended = True
        with uninterrupted():
            run = instance.get_run_by_id(run_id)
            events = instance.get_records_for_run(run_id, cursor, dg.DagsterEventType.STEP_SUCCESS)
        if run and run.status is dg.DagsterRunStatus.CANCELING:
            process.terminate()
        cursor = events.cursor
        for record in events.records:
            event = record.event_log_entry.get_dagster_event()
            yield str(event.step_key).rpartition("__")[2], event.step_success_data.duration_ms / 1000

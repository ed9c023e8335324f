"""How far a Dagster run is: a bar for a person who watches, a line per finished step for a log."""

import subprocess
from collections.abc import Iterator, Mapping

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

SECONDS_BETWEEN_LOOKS = 0.5


def watch(console: Console, run: "subprocess.Popen[bytes]", tags: Mapping[str, str], *, steps: int) -> int:
    """Show how far a run is until its process ends; returns the exit code.

    The run is the only one with these tags; `steps` is how many steps it has.
    """
    columns = (
        TextColumn("  "),
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("starting", total=steps)
        for step, seconds in _finished_steps(run, tags):
            progress.update(bar, advance=1, description=step)
            if not console.is_terminal:
                console.print(f"   {step}: {seconds:.1f} s", highlight=False)
    return run.returncode


def _finished_steps(run: "subprocess.Popen[bytes]", tags: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """The steps that succeeded, as they do, by the name of their asset, with the seconds that they took."""
    cursor = None
    ended = False
    with dg.DagsterInstance.get() as instance:
        while not ended:
            try:
                run.wait(timeout=SECONDS_BETWEEN_LOOKS)
                ended = True
            except subprocess.TimeoutExpired:
                pass
            for run_id in instance.get_run_ids(dg.RunsFilter(tags=tags)):
                events = instance.get_records_for_run(run_id, cursor, dg.DagsterEventType.STEP_SUCCESS)
                cursor = events.cursor
                for record in events.records:
                    event = record.event_log_entry.get_dagster_event()
                    yield str(event.step_key).rpartition("__")[2], event.step_success_data.duration_ms / 1000

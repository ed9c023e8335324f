"""How far a Dagster run is: what each step does, live, for a person who watches; lines for a log."""

import subprocess
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import dagster as dg
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from og_assets.commands.child_process import uninterrupted
from og_assets.sync.live import Spectator

SECONDS_BETWEEN_LOOKS = 0.5


def watch(
    console: Console,
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    process: "subprocess.Popen[Any]",
    spectator: Spectator,
) -> None:
    """Show how far a run is until its process ends. One that is terminated in the UI is ended.

    On a terminal: a bar, and below it each step that runs with what it does. Elsewhere: a line for all that a step
    says, a pull every ten seconds, and one for each step that is done.
    """
    screen = Screen(console, steps=len(run.step_keys_to_execute or ()))
    with Live(screen, console=console, transient=True, refresh_per_second=4) if console.is_terminal else nullcontext():
        for finished in _looks(instance, run.run_id, process):
            for step, line in spectator.said():
                screen.say(step, line)
            for step, seconds in finished:
                screen.finish(step, seconds)
            screen.running = spectator.running()


class Screen:
    """What is known of the steps, and how it is shown."""

    def __init__(self, console: Console, *, steps: int) -> None:
        self.running: dict[str, str] = {}
        self._console = console
        self._doing: dict[str, str] = {}
        columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeElapsedColumn())
        self._progress = Progress(TextColumn("  "), *columns)
        self._bar = self._progress.add_task("", total=steps)

    def say(self, step: str, line: str) -> None:
        """A step has said something."""
        self._doing[step] = line
        if not self._console.is_terminal:
            self._console.print(f"   {step}: {line}", markup=False, highlight=False, soft_wrap=True)

    def finish(self, step: str, seconds: float) -> None:
        """A step has succeeded."""
        self._progress.advance(self._bar)
        if not self._console.is_terminal:
            self._console.print(f"   {step}: {seconds:.1f} s", highlight=False)

    def __rich__(self) -> Group:
        lines = [] if self.running or self._doing else [Text("   starting", style="dim")]
        for step, now in self.running.items():
            lines.append(Text(f"   {step}: {self._doing.get(step, '')}", overflow="ellipsis", no_wrap=True))
            if now:
                lines.append(Text(f"      {now}", style="dim", overflow="ellipsis", no_wrap=True))
        return Group(self._progress, *lines)


def _looks(
    instance: dg.DagsterInstance, run_id: str, process: "subprocess.Popen[Any]"
) -> Iterator[list[tuple[str, float]]]:
    """A look each half second until the process has ended: the steps that have succeeded since the last one.

    By the name of their asset, with the seconds that they took.
    """
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
        found = [record.event_log_entry.get_dagster_event() for record in events.records]
        yield [(step_name(event), event.step_success_data.duration_ms / 1000) for event in found]


def step_name(event: dg.DagsterEvent) -> str:
    """The name of a step's asset."""
    return str(event.step_key).rpartition("__")[2]

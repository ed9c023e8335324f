"""`og sync`: the job `sync`, run now, from the command line; `og demo` runs it by the same means."""

import json
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import dagster as dg
from rich.console import Console
from rich.markup import escape

from og_assets.automation.jobs import days_to_sync, range_tags
from og_assets.commands.status import show_status
from og_assets.commands.watching import watch
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import load_settings
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.errors import WarehouseMissing
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.status import oldest_watermark

OTHER_STEPS = 6
"""Steps of a sync besides those of the objects: events, two sweeps, tombstones, bridge, totals."""


def sync(console: Console) -> bool:
    """Bring everything since the last sync, as the schedules do, and show where each object stands then.

    Returns whether the run succeeded and each object's last pull did. Raises SettingError and WarehouseError.
    """
    settings = load_settings()
    settings.require_api_key()
    watermark = _watermark(settings.warehouse)
    since = f"what changed since {watermark:%Y-%m-%d %H:%M} UTC" if watermark else "all there is, for the first time"
    console.print(f"Dagster runs the job `sync`: {since}, from {settings.base_url} into {settings.warehouse}.")
    _, succeeded = run_sync(console, Path(), *days_to_sync(watermark, datetime.now(CHICAGO).date()))
    if not settings.warehouse.exists():
        return False
    return show_status(console, settings.warehouse, as_json=False) and succeeded


def run_sync(console: Console, folder: Path, first_day: date, last_day: date) -> tuple[str | None, bool]:
    """Run the job in a process of Dagster's own, started in `folder`, with these days' partitions.

    Shows how far it is and why it failed. Returns the run's id (None when there is no run) and whether it succeeded.
    """
    mark = {"og_assets/command": str(uuid4())}
    log = Path(os.environ["DAGSTER_HOME"]) / "sync.log"
    tags = json.dumps({**range_tags(first_day, last_day), **mark})
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "og_assets.definitions", "-j", "sync"]
    with log.open("w") as output:
        run = subprocess.Popen(  # noqa: S603 - our own words
            [*command, "--tags", tags], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            exit_code = watch(console, run, mark, steps=len(OBJECTS) + OTHER_STEPS)
        finally:
            run.terminate()  # when the person has stopped us; one that has ended does not mind
            run.wait()
    with dg.DagsterInstance.get() as instance:
        run_id = next(iter(instance.get_run_ids(dg.RunsFilter(tags=mark))), None)
        if exit_code:
            tell_why(console, instance, run_id, log)
    return run_id, exit_code == 0


def _watermark(warehouse: Path) -> datetime | None:
    try:
        with read_warehouse(warehouse) as connection:
            return oldest_watermark(connection, [object.name for object in OBJECTS])[0]
    except WarehouseMissing:
        return None


def tell_why(console: Console, instance: dg.DagsterInstance, run_id: str | None, log: Path) -> None:
    """The reason of each step that failed, or the end of the log when no step has one."""
    console.print(f"[red]The run failed.[/] Its log is {log}.")
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records if run_id else []
    for record in records:
        event = record.event_log_entry.get_dagster_event()
        failure = event.step_failure_data
        told = failure.user_failure_data
        reason = (told.description if told else None) or (failure.error.message if failure.error else "")
        console.print(f"   [bold]{str(event.step_key).rpartition('__')[2]}[/]: {escape(reason.strip())}")
    if not records:
        console.print(escape("\n".join(log.read_text(errors="replace").splitlines()[-15:])))

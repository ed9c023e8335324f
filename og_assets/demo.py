"""`og demo`: the main job end to end, on an emulated merchant, with the emulator's truth beside each table."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from rich.console import Console
from rich.table import Table as Screen

from og_assets import playground
from og_assets.automation import range_tags
from og_assets.comparison import compare, compare_deletions
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.partitions import CHICAGO
from og_assets.settings import load_settings
from og_assets.warehouse.resource import WarehouseResource

FIGURES = ("pages", "records", "inserted", "updated", "unchanged", "quarantined")


def demo(console: Console, *, customers: int, seed: int) -> bool:
    """Run the demo and return whether every table equalled the emulator's truth, after both runs."""
    started = time.monotonic()
    console.print(f"[bold]1.[/] An Ordergroove of {customers:,} customers starts on this machine, yesterday.")
    world = playground.new_world(seed=seed, customers=customers, behind=timedelta(days=1))
    with Emulator(world) as emulator:
        folder = playground.point_at(emulator)
        console.print(f"   {world.count('orders'):,} orders, {world.count('items'):,} items at {emulator.url}\n")
        console.print("[bold]2.[/] A Dagster run of the job `sync`: no watermark yet, so it pulls the whole history.")
        first = _sync_and_compare(console, world, folder)
        console.print("[bold]3.[/] A day passes: new subscribers, placements at night, skips, cancellations, edits.\n")
        playground.simulate_day(world)
        console.print("[bold]4.[/] The same job again: it asks only for what changed since the first run.")
        second = _sync_and_compare(console, world, folder)
    equal = first and second
    verdict = "[green]every table equals the emulator[/]" if equal else "[red]a table differs from the emulator[/]"
    console.print(f"[bold]Done[/] in {time.monotonic() - started:.0f} s: {verdict}.")
    console.print(
        "Look at the data:  [bold]duckdb -readonly data/emulator.duckdb[/]  (FROM ordergroove.orders;)\n"
        "Look at the runs:  [bold]make dev[/]\n"
        "Your own merchant: put ORDERGROOVE_API_KEY into .env, then [bold]make dev[/]"
    )
    return equal


def _sync_and_compare(console: Console, world: World, folder: Path) -> bool:
    today = datetime.now(CHICAGO).date()
    run_id, succeeded = _sync(console, folder, today - timedelta(days=1), today)
    masking = load_settings().masking
    with WarehouseResource().get_connection(read_only=True) as connection:
        pulls = _pulls(connection, run_id)
        comparisons = {object.name: compare(connection, world, object, masking) for object in OBJECTS}
        deletions = compare_deletions(connection, world)
        totals = connection.execute("SELECT count(*), count(*) FILTER (WHERE NOT agrees) FROM analytics.order_totals")
        orders, disagreeing = totals.fetchone() or (0, 0)
    screen = Screen(box=None, header_style="bold", pad_edge=False)
    screen.add_column("   object")
    for title in (*FIGURES, "seconds"):
        screen.add_column(title, justify="right")
    screen.add_column("table", justify="right")
    screen.add_column("equals emulator")
    for name, comparison in comparisons.items():
        pull = pulls.get(name, {})
        screen.add_row(
            f"   {name}",
            *(f"{pull.get(figure, 0):,}" for figure in FIGURES),
            f"{pull.get('seconds', 0.0):.1f}",
            f"{comparison.rows:,}",
            "[green]yes[/]" if comparison.is_equal else f"[red]NO[/] {comparison}",
        )
    console.print(screen)
    told = ", ".join(f"{count} {name}" for name, count in deletions.deleted.items())
    known = "[green]known, and no other[/]" if deletions.is_equal else f"[red]NOT what is known[/]: {deletions}"
    console.print(f"   deleted at Ordergroove since they were loaded: {told}: {known}")
    console.print(f"   order totals: {orders:,} orders, {disagreeing:,} whose sums disagree with Ordergroove's\n")
    return succeeded and deletions.is_equal and all(comparison.is_equal for comparison in comparisons.values())


def _sync(console: Console, folder: Path, first_day: date, last_day: date) -> tuple[str, bool]:
    """Run the job as a person would on the command line; returns its run id and whether it succeeded."""
    mark = {"og_assets/demo": str(uuid4())}
    log = Path(os.environ["DAGSTER_HOME"]) / "demo.log"
    command = [
        sys.executable,
        "-m",
        "dagster",
        "job",
        "execute",
        "-m",
        "og_assets.definitions",
        "-j",
        "sync",
        "--tags",
        json.dumps({**range_tags(first_day, last_day), **mark}),
    ]
    with log.open("w") as output:
        finished = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603 - our own words
    if finished.returncode:
        last_lines = "\n".join(log.read_text().splitlines()[-15:])
        console.print(f"[red]The run failed.[/] Its log is {log}; it ends:\n{last_lines}")
    with dg.DagsterInstance.get() as instance:
        (run_id,) = instance.get_run_ids(dg.RunsFilter(tags=mark))
    return run_id, finished.returncode == 0


def _pulls(connection: Any, run_id: str) -> Mapping[str, Mapping[str, Any]]:
    figures = ", ".join(FIGURES)
    cursor = connection.execute(
        f"SELECT object, {figures}, epoch(finished_at - started_at) FROM ops.sync_runs"
        " WHERE run_id = ? AND mode <> 'sweep'",
        [run_id],
    )
    return {name: dict(zip((*FIGURES, "seconds"), figures, strict=True)) for name, *figures in cursor.fetchall()}

"""`og demo`: the main job end to end, on an emulated merchant, with the emulator's truth beside each table."""

import shutil
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Screen

from og_assets.automation.jobs import range_tags
from og_assets.commands.home import use_home
from og_assets.commands.run import run_job
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.playground import merchant as playground
from og_assets.playground.comparison import compare, compare_deletions
from og_assets.settings import load_settings
from og_assets.sync.windows import CHICAGO
from og_assets.warehouse.place import FilePlace
from og_assets.warehouse.warehouse import WarehouseAt

ORDERS_BY_STATUS = (
    "SELECT status_name, count(*) AS orders, sum(items) AS items, sum(total) AS total"
    " FROM analytics.order_totals_current GROUP BY ALL ORDER BY orders DESC"
)
FIGURES = ("pages", "records", "inserted", "updated", "unchanged", "quarantined")
NARROW_FIGURES = ("records", "inserted", "updated", "quarantined")
WIDE = 100
"""From so many columns on, a terminal shows all figures."""


def demo(console: Console, *, customers: int, seed: int, hard: bool = False) -> bool:
    """Run the demo and return whether every table equalled the emulator's truth, after both runs."""
    started = time.monotonic()
    _tell(console, 1, f"An Ordergroove of {customers:,} customers starts on this machine; there it is yesterday.")
    world = playground.new_world(seed=seed, customers=customers, behind=timedelta(days=1), hard=hard)
    with Emulator(world) as emulator:
        folder = use_home(playground.point_at(emulator))
        console.print(f"   {world.count('orders'):,} orders and {world.count('items'):,} items at {emulator.url}\n")
        _tell(console, 2, "Dagster runs the job `sync`. There is no watermark yet, so it pulls the whole history.")
        first = _sync_and_compare(console, world, folder)
        _tell(console, 3, "A day passes there: new subscribers, placements at night, skips, cancellations, edits.")
        playground.simulate_day(world)
        console.print()
        _tell(console, 4, "The same job again. Of what can be asked by time, only what has changed since is read.")
        second = _sync_and_compare(console, world, folder)
    _tell(console, 5, "What an analyst sees now: the orders, deleted ones left out.")
    _show_orders(console)
    equal = first and second
    verdict = "[green]every table equals the emulator[/]" if equal else "[red]a table differs from the emulator[/]"
    console.print(f"[bold]Done[/] in {time.monotonic() - started:.0f} s: {verdict}.\n")
    _show_what_is_next(console)
    return equal


def _tell(console: Console, number: int, sentence: str) -> None:
    console.print(f"[bold]{number}.[/] {sentence}")


def _show_orders(console: Console) -> None:
    with WarehouseAt(playground.WAREHOUSE).get_connection(read_only=True) as connection:
        rows = connection.execute(ORDERS_BY_STATUS).fetchall()
    screen = Screen(box=None, header_style="bold", pad_edge=False)
    screen.add_column("   status")
    for title in ("orders", "items", "total"):
        screen.add_column(title, justify="right")
    for status, orders, items, total in rows:
        screen.add_row(f"   {status}", f"{orders:,}", f"{items:,}", f"{total:,.2f}")
    console.print(screen)
    console.print()


def _show_what_is_next(console: Console) -> None:
    """Commands that work as they stand, in the folder of the demo."""
    og = how_called()
    on_it = f"--warehouse {playground.WAREHOUSE}"
    suggestions = {
        "the tables": f"{og} query {on_it} .tables",
        "a question": f'{og} query {on_it} "{ORDERS_BY_STATUS}"',
        "where it stands": f"{og} status {on_it}",
        "the runs, in the UI": f"{og} dev",
    }
    suggestions["thirty questions"] = f"{og} docs recipes.sql | {og} query {on_it}"
    console.print("[bold]What to look at next[/]")
    for what, command in suggestions.items():
        console.print(f"   {what:20} [bold]{escape(command)}[/]", soft_wrap=True, highlight=False)
    console.print(
        f"   {'your own merchant':20} write ORDERGROOVE_API_KEY=... into .env, then [bold]{og} doctor && {og} sync[/]",
        soft_wrap=True,
        highlight=False,
    )


def how_called() -> str:
    """The command `og` as this person can type it here."""
    program = Path(sys.argv[0])
    if program.name != "og":
        return f"{sys.executable} -m og_assets"
    if shutil.which("og") == str(program.absolute()):
        return "og"
    here = Path.cwd()
    return str(program.absolute().relative_to(here) if program.absolute().is_relative_to(here) else program)


def _sync_and_compare(console: Console, world: World, folder: Path) -> bool:
    today = datetime.now(CHICAGO).date()
    tags = range_tags(today - timedelta(days=1), today)
    run_id, succeeded = run_job(console, "sync", FilePlace(playground.WAREHOUSE), tags=tags, folder=folder)
    masking = load_settings().masking
    with WarehouseAt(playground.WAREHOUSE).get_connection(read_only=True) as connection:
        pulls = _pulls(connection, run_id)
        comparisons = {object.name: compare(connection, world, object, masking) for object in OBJECTS}
        deletions = compare_deletions(connection, world)
        totals = connection.execute("SELECT count(*), count(*) FILTER (WHERE NOT agrees) FROM analytics.order_totals")
        orders, disagreeing = totals.fetchone() or (0, 0)
    screen = Screen(box=None, header_style="bold", pad_edge=False)
    figures = FIGURES if console.width >= WIDE else NARROW_FIGURES
    screen.add_column("   object", no_wrap=True)
    for title in (*figures, "seconds", "table"):
        screen.add_column(title, justify="right", no_wrap=True)
    screen.add_column("equal", no_wrap=True)
    for name, comparison in comparisons.items():
        pull = pulls.get(name, {})
        screen.add_row(
            f"   {name}",
            *(f"{pull.get(figure, 0):,}" for figure in figures),
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


def _pulls(connection: Any, run_id: str | None) -> Mapping[str, Mapping[str, Any]]:
    figures = ", ".join(FIGURES)
    cursor = connection.execute(
        f"SELECT object, {figures}, epoch(finished_at - started_at) FROM ops.sync_runs"
        " WHERE run_id = ? AND mode <> 'sweep'",
        [run_id],
    )
    return {name: dict(zip((*FIGURES, "seconds"), figures, strict=True)) for name, *figures in cursor.fetchall()}

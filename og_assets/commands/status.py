"""How the command line shows status and findings: a table for a person, JSON for a script."""

import dataclasses
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from og_assets.commands.doctor import examine
from og_assets.commands.export import export
from og_assets.commands.finding import Verdict
from og_assets.ordergroove.objects import OBJECTS
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.place import Place
from og_assets.warehouse.reading import read_warehouse
from og_assets.warehouse.status import ObjectStatus, read_status

MARKS = {Verdict.GOOD: "[green]ok[/]", Verdict.ATTENTION: "[yellow]note[/]", Verdict.BAD: "[red]bad[/]"}


def show_all(
    console: Console, warehouses: Mapping[str, Place], *, as_json: bool, max_age: timedelta | None = None
) -> bool:
    """Print where each object of these merchants stands; whether all is well with all of them.

    What cannot be read of one is said, and the others are shown all the same. As JSON: a list, of several merchants a
    list by the name of each.
    """
    found: dict[str, list[ObjectStatus]] = {}
    is_well = True
    for name, warehouse in warehouses.items():
        try:
            found[name] = _read(warehouse)
        except WarehouseError as error:
            if not name:
                raise
            Console(stderr=True, soft_wrap=True).print(f"{name}: {error}", highlight=False, markup=False)
            is_well = False
    if as_json:
        listed = {name: [dataclasses.asdict(status) for status in statuses] for name, statuses in found.items()}
        console.print_json(json.dumps(listed.get("", listed), default=_iso))
    for name, statuses in found.items():
        if not as_json:
            if name:
                console.print(f"[bold]{name}[/]")
            console.print(_status_table(statuses))
        is_well &= _is_well(statuses, max_age)
    return is_well


def show_status(console: Console, warehouse: Place) -> bool:
    """Print where each object stands; whether all have a watermark and no failed pull."""
    return show_all(console, {"": warehouse}, as_json=False)


def _read(warehouse: Place) -> list[ObjectStatus]:
    with read_warehouse(warehouse) as connection:
        return read_status(connection, [object.name for object in OBJECTS])


def _is_well(statuses: list[ObjectStatus], max_age: timedelta | None) -> bool:
    """Whether all objects have a watermark that is not older than `max_age`, and no failed pull; old ones are named."""
    now = datetime.now(UTC)
    ages = {status.object: now - status.watermark for status in statuses if status.watermark}
    old = [f"{name} ({_age(age)})" for name, age in ages.items() if max_age is not None and age > max_age]
    if old:
        names = ", ".join(old)
        Console(stderr=True, soft_wrap=True).print(
            f"Older than {_age(max_age or timedelta())}: {names}.", highlight=False
        )
    failed = [status for status in statuses if status.outcome not in {"succeeded", "running"}]
    return not old and not failed and len(ages) == len(statuses)


def _status_table(statuses: list[ObjectStatus]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("object", "watermark (UTC)", "age", "last pull", "records", "inserted", "updated", "quarantined"):
        table.add_column(title, justify="right" if title in {"age", "records", "inserted", "updated"} else "left")
    now = datetime.now(UTC)
    for status in statuses:
        watermark = status.watermark.astimezone(UTC) if status.watermark else None
        outcome = status.outcome or "never"
        colour = {"succeeded": "green", "running": "yellow"}.get(outcome, "red")
        table.add_row(
            status.object,
            f"{watermark:%Y-%m-%d %H:%M:%S}" if watermark else "none",
            _age(now - watermark) if watermark else "",
            f"[{colour}]{outcome}[/]" + (f": {status.error}" if status.error else ""),
            *(f"{value:,}" if value is not None else "" for value in (status.records, status.inserted, status.updated)),
            f"[red]{status.quarantined:,}[/]" if status.quarantined else "0",
        )
    return table


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 60 // 24} days"


def show_findings(console: Console, merchant: str | None, *, as_json: bool) -> bool:
    """Print what `og doctor` found; whether a sync can work."""
    with _working(console, "Looking ..."):
        findings = list(examine(merchant))
    if as_json:
        console.print_json(json.dumps([{**dataclasses.asdict(f), "verdict": f.verdict.value} for f in findings]))
    else:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for title in ("checked", "", "found"):
            table.add_column(title)
        for finding in findings:
            table.add_row(finding.subject, MARKS[finding.verdict], escape(finding.message))
        console.print(table)
    return all(finding.verdict is not Verdict.BAD for finding in findings)


def show_export(warehouse: Place, folder: Path, **options: Any) -> None:
    """Export, with a bar for a person who watches, and say what was written."""
    console = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        bar = progress.add_task("Reading", total=None)

        def advance(table: str, rows: int, number: int, count: int) -> None:
            progress.update(bar, total=count, completed=number)
            progress.console.print(f"{rows:>12,}  {table}", highlight=False)

        rows = export(warehouse, folder, on_table=advance, **options)
    console.print(f"{sum(rows.values()):,} rows of {len(rows)} tables in {folder}.", highlight=False)


def _working(console: Console, what: str) -> AbstractContextManager[object]:
    """A sign of life for a person who watches."""
    return console.status(what) if console.is_terminal else nullcontext()


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

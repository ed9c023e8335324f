"""How the command line shows status and findings: a table for a person, JSON for a script."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from og_assets.doctor import Verdict, examine
from og_assets.ordergroove.objects import OBJECTS
from og_assets.settings import load_settings
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.status import ObjectStatus, read_status

MARKS = {Verdict.GOOD: "[green]ok[/]", Verdict.ATTENTION: "[yellow]note[/]", Verdict.BAD: "[red]bad[/]"}


def show_status(console: Console, *, as_json: bool) -> bool:
    """Print where each object stands; whether all have a watermark and a last pull that succeeded."""
    with open_warehouse(load_settings().warehouse, read_only=True) as connection:
        statuses = read_status(connection, [object.name for object in OBJECTS])
    if as_json:
        console.print_json(json.dumps([dataclasses.asdict(status) for status in statuses], default=_iso))
    else:
        console.print(_status_table(statuses))
    return all(status.watermark and status.outcome == "succeeded" for status in statuses)


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


def show_findings(console: Console, *, as_json: bool) -> bool:
    """Print what `og doctor` found; whether a sync can work."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            console.print(f"{MARKS[finding.verdict]:>16}  [bold]{finding.subject}[/]: {finding.message}")
    if as_json:
        console.print_json(json.dumps([{**dataclasses.asdict(f), "verdict": f.verdict.value} for f in findings]))
    return all(finding.verdict is not Verdict.BAD for finding in findings)


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

"""The results as a table for a person and as RESULTS.md, with the machine that they are of."""

import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.rounds import Spread, cpu, own_wall, peak_mb, wall
from bench.scenarios.scenario import Goal, Outcome, Scenario

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"

_HEAD = """# How fast and how lean

Made by `make bench`; one of these again: `make bench ARGS="{first} --rounds 5"`. Contestants take turns, round by
round; figures are medians with the least and the most of all rounds. *Itself* is the work without the start of Python
and its imports; memory is that of all processes of the contestant together (shared pages count once), processors'
time that of all of them too. Rows and sums of money are compared before anything is said about speed.

{machine}
"""


def section(scenario: Scenario, outcome: Outcome) -> str:
    """A scenario's results in Markdown."""
    rounds = len(next(iter(outcome.measurements.values())))
    lines = [
        f"## {scenario.title}",
        "",
        f"`{scenario.name}`, {rounds} round{'s' if rounds > 1 else ''}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        "",
        "| | wall, s | itself, s | CPU, s | peak, MB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, measured in outcome.measurements.items():
        figures = [Spread.of([figure(one) for one in measured]) for figure in (wall, own_wall, cpu, peak_mb)]
        cells = [str(spread) if spread.most else "" for spread in figures]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        *(f"- {sentence(goal)}" for goal in outcome.goals),
        *(f"- {remark}" for remark in outcome.remarks),
        "",
    ]
    return "\n".join(lines)


def sentence(goal: Goal) -> str:
    """A goal, what it came to and whether that is enough."""
    asked = f"{'at least' if goal.at_least else 'at most'} {goal.limit:g}"
    return f"{goal.what}: **{goal.figure}**, asked for {asked}: {'met' if goal.is_met else '**missed**'}"


def keep(sections: Mapping[str, str], order: list[str]) -> None:
    """Write these sections into RESULTS.md, in this order, and leave those of other scenarios as they are."""
    kept = {**_by_scenario(RESULTS.read_text()), **sections}
    head = _HEAD.format(first=order[0], machine=machine())
    RESULTS.write_text("\n".join([head, *(kept[name].rstrip() + "\n" for name in order if name in kept)]))


def _by_scenario(results: str) -> dict[str, str]:
    """The sections of RESULTS.md, each with what was added by hand, by the scenario that they are of."""
    found = re.split(r"^(?=## )", results, flags=re.MULTILINE)[1:]
    return {name[1]: part for part in found if (name := re.search(r"^`([\w-]+)`,", part, re.MULTILINE))}


def machine() -> str:
    """What was measured on, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    models = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    pins = (HERE / "constraints-dlt.txt").read_text().splitlines()
    dlt = next(pin.removeprefix("dlt==") for pin in pins if pin.startswith("dlt=="))
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dagster", "httpx", "pydantic"))
    return (
        f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GB of memory, "
        f"{platform.system()}; Python {platform.python_version()}, {packages}, dlt {dlt}."
    )

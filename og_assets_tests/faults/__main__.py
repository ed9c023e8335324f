"""The long form of the faults: `make faults`. Prints a row for each, and fails when anything was lost."""

import multiprocessing
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from rich import box
from rich.console import Console
from rich.table import Table

from og_assets_tests.faults.table import HAZARDS, Outcome, play_long

WORKERS = 2 * (os.cpu_count() or 1)
"""Most rounds wait for the processes that they start."""
LIMIT = 20
"""How many broken promises are printed in full."""


def main() -> int:
    """Play every fault; arguments are parts of the names of those to play."""
    seed = int(os.environ.get("OG_SEED") or random.randrange(2**32))
    console = Console(width=110)
    console.print(f"Seed {seed}: the same rounds again with OG_SEED={seed} make faults")
    names = [hazard.name for hazard in HAZARDS if not sys.argv[1:] or any(part in hazard.name for part in sys.argv[1:])]
    started = time.monotonic()
    outcomes: list[tuple[str, Outcome]] = []
    with (
        tempfile.TemporaryDirectory(prefix="og-faults-") as folder,
        ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        for name, outcome in zip(names, pool.map(play_long, names, repeat(seed), repeat(folder)), strict=True):
            outcomes.append((name, outcome))
            console.print(_line(name, outcome), highlight=False, markup=False)
    _print_table(console, outcomes)
    for broken in [text for _, outcome in outcomes for text in outcome.broken][:LIMIT]:
        console.print(broken, style="red", markup=False)
    rounds, lost, ahead, broken = (
        sum(outcome.rounds for _, outcome in outcomes),
        sum(outcome.lost for _, outcome in outcomes),
        sum(outcome.ahead for _, outcome in outcomes),
        sum(len(outcome.broken) for _, outcome in outcomes),
    )
    skipped = sum(1 for _, outcome in outcomes if outcome.skipped)
    console.print(
        f"{len(outcomes) - skipped} faults, {rounds} rounds in {time.monotonic() - started:.0f} s: {lost} rows lost, "
        f"{ahead} rows behind a watermark missing, {broken} broken promises, {skipped} faults skipped."
    )
    return 0 if lost == ahead == broken == 0 else 1


def _line(name: str, outcome: Outcome) -> str:
    """What is seen while the suite runs."""
    verdict = f"skipped: {outcome.skipped}" if outcome.skipped else "ok" if outcome.is_good else "FAILED"
    return f"{outcome.seconds:6.1f} s  {name}: {outcome.rounds} rounds, {verdict}"


def _print_table(console: Console, outcomes: list[tuple[str, Outcome]]) -> None:
    table = Table("Fault", box=box.MARKDOWN)
    for heading in ("Rounds", "Data lost", "Watermark ahead", "Recovery, s"):
        table.add_column(heading, justify="right")
    for name, outcome in outcomes:
        recovery = f"{max(outcome.recovery):.2f}" if outcome.recovery else "-"
        rounds = "skipped" if outcome.skipped else str(outcome.rounds)
        style = None if outcome.is_good else "red"
        table.add_row(name, rounds, str(outcome.lost), str(outcome.ahead), recovery, style=style)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench [SCENARIO ...] [--rounds N] [--scale X]`: measure, print, and write RESULTS.md."""

import sys
import time

import click

from bench.lab import WrongResult, open_lab
from bench.measure import MeasuredFailure
from bench.report import keep, section
from bench.scenarios import SCENARIOS


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice(list(SCENARIOS)), metavar="[SCENARIO]...")
@click.option(
    "--rounds", type=click.IntRange(1), help="How often each contestant runs; each scenario has its own default."
)
@click.option(
    "--scale", default=1.0, show_default=True, help="Times the usual number of records; RESULTS.md stays at 1."
)
def main(names: tuple[str, ...], rounds: int | None, scale: float) -> None:
    """Measure the pipeline beside the floor, beside dlt, and beside itself on larger tables.

    Exits with 1 when a goal is missed or a contestant fails. Scenarios: all, unless some are named.
    """
    missed = False
    for name in names or SCENARIOS:
        scenario = SCENARIOS[name]
        began = time.monotonic()
        click.echo(f"{name}: {scenario.title}", err=True)
        try:
            with open_lab(scale) as lab:
                outcome = scenario.run(lab, rounds or scenario.rounds)
        except (MeasuredFailure, WrongResult) as error:
            click.echo(f"{name} has no result: {error}", err=True)
            missed = True
            continue
        result = section(scenario, outcome)
        click.echo(f"{result}({time.monotonic() - began:.0f} s)\n")
        missed = missed or not all(goal.is_met for goal in outcome.goals)
        if scale == 1:
            keep({name: result}, list(SCENARIOS))
    sys.exit(missed)


if __name__ == "__main__":
    main()

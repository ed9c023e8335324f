"""The table of faults: what can happen around a sync, how often it is tried, and what one round of it costs a user."""

import logging
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from og_assets_tests.faults import (
    dagster_faults,
    kill_faults,
    page_faults,
    process_faults,
    warehouse_faults,
    wire_faults,
)
from og_assets_tests.faults.rig import Impossible, Rig


@dataclass(frozen=True, slots=True)
class Hazard:
    """One row: something that goes wrong, and in how many rounds in the short form and in the long one.

    Each round has a world and a warehouse of its own; `objects` are synced in it, or one of them when
    `one_of`. `synced` says whether there was a sync before; None leaves it to the dice.
    """

    name: str
    inject: Callable[[Rig], None]
    short: int
    long: int
    objects: tuple[str, ...] = ("orders",)
    one_of: bool = False
    synced: bool | None = None


@dataclass
class Outcome:
    """What the rounds of a hazard cost: rows lost after one clean sync, rows that a watermark vouched for in vain."""

    rounds: int = 0
    lost: int = 0
    ahead: int = 0
    recovery: list[float] = field(default_factory=list)
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)
    """What else did not hold, with the round's seed."""
    skipped: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, no watermark ran ahead and all else held."""
        return not (self.lost or self.ahead or self.broken)


def play(hazard: Hazard, *, rounds: int, seed: int, folder: Path) -> Outcome:
    """So many rounds of a hazard, each with dice of its own that the seed decides."""
    outcome = Outcome()
    started = time.monotonic()
    for number in range(rounds):
        told = f"{seed}/{hazard.name}/{number}"
        try:
            _round(hazard, random.Random(told), folder, outcome)
        except Impossible as reason:
            outcome.skipped = str(reason)
            break
        except Exception as error:  # noqa: BLE001 - the other rounds and hazards are told all the same
            outcome.broken.append(f"round {told}: {type(error).__name__}: {error}")
        outcome.rounds += 1
    outcome.seconds = time.monotonic() - started
    return outcome


def _round(hazard: Hazard, dice: random.Random, folder: Path, outcome: Outcome) -> None:
    templates = folder / "templates"
    templates.mkdir(exist_ok=True)
    with Rig(Path(tempfile.mkdtemp(dir=folder)), dice, templates) as rig:
        rig.choose(*([dice.choice(hazard.objects)] if hazard.one_of else hazard.objects))
        rig.begin(synced=dice.random() < 0.7 if hazard.synced is None else hazard.synced)
        hazard.inject(rig)
        ahead = rig.count_ahead()
        recovery = rig.recover()
        lost = rig.count_lost()
        outcome.ahead += ahead
        outcome.lost += lost
        outcome.recovery.append(recovery)
        rig.assert_tidy()


HAZARDS: tuple[Hazard, ...] = (
    *(Hazard(f"killed: {name}", inject, 1, 2, synced=synced) for name, (inject, synced) in kill_faults.NAMED.items()),
    Hazard("killed at a random line", kill_faults.at_a_line, 1, 40),
    Hazard("killed at a random statement", kill_faults.at_a_statement, 1, 40),
    Hazard("killed at a random instant", kill_faults.at_an_instant, 1, 40),
    Hazard("killed, and killed again while it resumes", kill_faults.twice, 1, 3),
    *(
        Hazard(name, inject, 1, 3, objects=wire_faults.LISTED, one_of=True)
        for name, inject in wire_faults.FAULTS.items()
    ),
    *(Hazard(name, inject, 1, 3) for name, inject in page_faults.FAULTS.items()),
    *(Hazard(name, *row) for name, row in warehouse_faults.FAULTS.items()),
    *(Hazard(name, *row) for name, row in process_faults.FAULTS.items()),
    *(Hazard(name, *row) for name, row in dagster_faults.FAULTS.items()),
)


def play_long(name: str, seed: int, folder: str) -> Outcome:
    """The long form of one hazard, for a process of its own."""
    logging.getLogger("og_assets").setLevel(logging.CRITICAL)
    (hazard,) = (hazard for hazard in HAZARDS if hazard.name == name)
    own = Path(folder) / str(os.getpid())
    own.mkdir(exist_ok=True)
    return play(hazard, rounds=hazard.long, seed=seed, folder=own)

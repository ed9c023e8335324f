"""One part of a run: some records of one object, or some events, in one mode, on every way."""

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random

from og_assets_tests.fuzz.bodies import choose_object, make_body
from og_assets_tests.fuzz.claims import Body, Problem
from og_assets_tests.fuzz.events import make_event
from og_assets_tests.fuzz.findings import Findings
from og_assets_tests.fuzz.modes import MODES
from og_assets_tests.fuzz.through_http import check_pull
from og_assets_tests.fuzz.through_inbox import check_events
from og_assets_tests.fuzz.through_reader import check_record

SIZE = 1000
"""Records or events of a part."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one process plays at a time; the same seed and number make the same bodies."""

    seed: int
    number: int
    size: int
    events: bool


def parts(seed: int, bodies: int, events: int, size: int = SIZE) -> list[Part]:
    """A run cut into parts."""
    cut = [
        (min(size, total - at), kind)
        for total, kind in ((bodies, False), (events, True))
        for at in range(0, total, size)
    ]
    return [Part(seed, number, count, kind) for number, (count, kind) in enumerate(cut)]


def play(part: Part) -> Findings:
    """Make the bodies of a part, send them, and hold what became of them against the claims."""
    random = Random(f"{part.seed} {part.number}")
    mode = MODES[part.number % len(MODES)]
    findings = Findings()
    first = part.number * SIZE
    with tempfile.TemporaryDirectory(prefix="og-fuzz-") as folder:
        if part.events:
            events = [make_event(random, first + number) for number in range(part.size)]
            findings.add("inbox", mode, check_events(events, mode, Path(folder)))
            findings.events = len(events)
            return findings
        object = choose_object(random)
        bodies = [make_body(random, first + number, object) for number in range(part.size)]
        known: dict[str, list[Problem]] = defaultdict(list)
        for body in bodies:
            known[body.serial] = check_record(body, mode)
            findings.add("reader", mode, ((body, problem) for problem in known[body.serial]))
        bodies += _again(random, bodies)
        pulled = check_pull(bodies, mode, Path(folder), page_size=random.choice((7, 50, 100)))
        # What the reader alone gets wrong is not told a second time.
        findings.add(
            "pull", mode, ((body, problem) for body, problem in pulled if not _told(problem, known[body.serial]))
        )
        findings.bodies = part.size
    return findings


def _again(random: Random, bodies: list[Body]) -> list[Body]:
    """Some records a second time, as pages that shift while they are read give them."""
    return random.sample(bodies, len(bodies) // 100)


def _told(problem: Problem, known: list[Problem]) -> bool:
    return any(problem.claim == other.claim for other in known)

"""Broken claims: counted, kept as examples, made small, and printed once each."""

import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from og_assets_tests.fuzz.claims import Body, Claim, Problem
from og_assets_tests.fuzz.events import Event
from og_assets_tests.fuzz.json_text import parts
from og_assets_tests.fuzz.modes import Mode
from og_assets_tests.fuzz.through_http import check_pull
from og_assets_tests.fuzz.through_inbox import check_events, check_mask
from og_assets_tests.fuzz.through_reader import check_record

EXAMPLES = 3
"""How many of a family are kept."""
SHRINKING = 3.0
"""Seconds that making one of them small may take."""
LONGEST = 400
"""Characters of a body that are printed."""


@dataclass(frozen=True, slots=True)
class Example:
    """A record or event for which a claim does not hold, and on which way."""

    way: str
    mode: Mode
    sent: Body | Event
    problem: Problem

    @property
    def family(self) -> tuple[str, str]:
        """What it is grouped by."""
        return self.problem.claim, self.problem.family

    @property
    def odd(self) -> tuple[str, ...]:
        """How the record was made odd."""
        return (self.sent if isinstance(self.sent, Body) else self.sent.inner).odd


@dataclass
class Findings:
    """What was sent and what went wrong with it."""

    bodies: int = 0
    events: int = 0
    broken: set[tuple[str, str]] = field(default_factory=set)
    families: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)

    def add(self, way: str, mode: Mode, found: Iterable[tuple[Body | Event, Problem]]) -> None:
        """Count what was found; one record breaks one claim once, whatever the number of its ways."""
        for sent, problem in found:
            body = sent if isinstance(sent, Body) else sent.inner
            example = Example(way, mode, sent, problem)
            self.broken.add((problem.claim, f"{type(sent).__name__} {body.serial}"))
            self._keep(example, 1)

    def _keep(self, example: Example, times: int) -> None:
        self.families[example.family] = self.families.get(example.family, 0) + times
        kept = self.examples.setdefault(example.family, [])
        kept.append(_bare(example))
        kept.sort(key=lambda example: (len(example.odd), len(example.sent.text)))
        del kept[EXAMPLES:]

    def merge(self, other: "Findings") -> None:
        """Add what another process found."""
        self.bodies += other.bodies
        self.events += other.events
        self.broken |= other.broken
        for family, examples in other.examples.items():
            for example in examples:
                self._keep(example, 0)
            self.families[family] += other.families[family]

    def count(self, claim: Claim) -> int:
        """How many records and events a claim does not hold for."""
        return sum(1 for broken, _ in self.broken if broken == claim)

    def report(self) -> Iterable[str]:
        """Each family with its examples, the most frequent first."""
        for family, times in sorted(self.families.items(), key=lambda row: -row[1]):
            yield f"{family[0].upper()}: {family[1]} ({times:,} times)"
            told: set[str] = set()
            for example in self.examples[family]:
                small = shrink(example)
                text = small.sent.text.encode("utf-8", "backslashreplace").decode()
                alike = re.sub("[0-9a-f]{5,}|[0-9]+", "#", text)
                if alike not in told:
                    told.add(alike)
                    where = small.sent.object if isinstance(small.sent, Body) else "event"
                    yield f"  {small.way}, {small.mode.name}, {where}: {_cut(text)}"
                    yield f"    {_cut(small.problem.detail or small.problem.family)}"


def _bare(example: Example, text: str | None = None) -> Example:
    """With another text, and without what was computed about the former, so that it is small to send."""
    sent = example.sent
    text = sent.text if text is None else text
    if isinstance(sent, Body):
        return replace(example, sent=replace(sent, members=[], text=text))
    return replace(example, sent=Event(replace(sent.inner, members=[]), text, sent.odd_envelope))


def shrink(example: Example) -> Example:
    """The example with as little as still shows the same family of problem: parts are left out, large ones first."""
    size = len(example.sent.text) + 1
    deadline = time.monotonic() + SHRINKING
    while time.monotonic() < deadline:
        text = example.sent.text
        part = max((end - begin, begin) for begin, end in [*parts(text), (0, 0)] if end - begin < size)
        if part == (0, 0):
            break
        size, begin = part
        for begin in [begin for begin, end in parts(text) if end - begin == size]:
            fewer = _bare(example, text[:begin] + text[begin + size :])
            problem = _again(fewer)
            if problem:
                example, size = replace(fewer, problem=problem), size + 1
                break
    return example


def _again(example: Example) -> Problem | None:
    with tempfile.TemporaryDirectory(prefix="og-fuzz-") as name:
        problems = _check(example.way, example.sent, example.mode, Path(name))
        return next((problem for problem in problems if (problem.claim, problem.family) == example.family), None)


def _check(way: str, sent: Body | Event, mode: Mode, folder: Path) -> Iterable[Problem]:
    if isinstance(sent, Event):
        yield from check_mask(sent, mode)
        yield from (problem for _, problem in check_events([sent], mode, folder))
    elif way == "reader":
        yield from check_record(sent, mode)
    else:
        yield from (problem for _, problem in check_pull([sent], mode, folder))


def _cut(text: str) -> str:
    text = re.sub(r"(.)\1{40,}", lambda match: f"{match[1] * 3}... {len(match[0])} of them", text, flags=re.DOTALL)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... {len(text)} characters"

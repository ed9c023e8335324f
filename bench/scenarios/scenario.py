"""What a scenario is, and what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.lab import Lab
from bench.rounds import Measurements, Spread


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure, what it came to, and what it must be: at most `limit`, or at least."""

    what: str
    figure: Spread
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the median of the rounds is within the limit."""
        return self.figure.median >= self.limit if self.at_least else self.figure.median <= self.limit


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measurements of a scenario, contestant by contestant, the goals that they are held to, and remarks."""

    measurements: Measurements
    goals: list[Goal]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something to be measured by itself; `rounds` is how often, unless a person says otherwise."""

    name: str
    title: str
    rounds: int
    run: Callable[[Lab, int], Outcome]

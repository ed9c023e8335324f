"""Alternating rounds: each round runs every contestant once, in turn, so that a noisy machine hits all alike."""

import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.measure import Measurement

Measurements = Mapping[str, list[Measurement]]
Figure = Callable[[Measurement], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over all rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: list[float]) -> "Spread":
        """The spread of some figures."""
        return cls(statistics.median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g} to {self.most:.3g})"


def alternate(contestants: Mapping[str, Callable[[], Measurement]], rounds: int) -> dict[str, list[Measurement]]:
    """What each contestant took in each round."""
    measurements: dict[str, list[Measurement]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, run in contestants.items():
            measured = run()
            measurements[name].append(measured)
            print(
                f"  round {number}: {name:<24} {measured.wall:8.2f} s wall {measured.own_wall:8.3f} s itself"
                f" {measured.cpu:8.2f} s CPU {measured.peak_mb:6.0f} MB",
                file=sys.stderr,
            )
    return measurements


def ratio(measurements: Measurements, over: str, under: str, figure: Figure) -> Spread:
    """A figure of one contestant over that of another, round by round."""
    pairs = zip(measurements[over], measurements[under], strict=True)
    return Spread.of([figure(above) / figure(below) for above, below in pairs])


def wall(measured: Measurement) -> float:
    """From the start of the command to its end."""
    return measured.wall


def own_wall(measured: Measurement) -> float:
    """The work itself, without the start of Python and its imports."""
    return measured.own_wall


def cpu(measured: Measurement) -> float:
    """CPU seconds of all processes."""
    return measured.cpu


def peak_mb(measured: Measurement) -> float:
    """Peak memory of all processes together."""
    return measured.peak_mb

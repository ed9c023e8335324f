"""What `og doctor` says of one thing that it looked at."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a finding is to be taken."""

    GOOD = "good"
    ATTENTION = "attention"
    """A sync works, but something may surprise."""
    BAD = "bad"
    """A sync cannot work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, and with a bad one what to do."""

    subject: str
    verdict: Verdict
    message: str

"""What a merchant may say about the marts. Imports nothing, so that settings can be read fast."""

from dataclasses import dataclass
from enum import Enum

DISENGAGED = 9
"""Code of the reason with which Ordergroove's disengaged service cancels, unless the merchant has another."""


class Cadence(Enum):
    """How often the marts are built."""

    SYNC = "sync"
    """Whenever something was loaded, or the day has changed."""
    DAILY = "daily"
    """Once for each day of the business."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a merchant may define: the zone of its days, and the cancel reason that means disengaged."""

    business_timezone: str
    disengaged_code: int = DISENGAGED

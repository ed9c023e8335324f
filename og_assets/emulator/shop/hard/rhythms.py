"""Rhythms that are rare: years, days alone, none, an unknown period; and months by the calendar."""

import random
from calendar import monthrange
from datetime import date, timedelta

from og_assets.emulator.shop.catalogue import FREQUENCIES as USUAL
from og_assets.emulator.shop.catalogue import Catalogue, Frequency
from og_assets.emulator.shop.clock import day_after
from og_assets.emulator.shop.store import Row

DAYS, WEEKS, MONTHS, YEARS = 1, 2, 3, 4
UNKNOWN = 9
UNTOLD_DAYS = 30
"""So often a subscription ships of which nobody was told how often."""

FREQUENCIES: tuple[Frequency, ...] = (*USUAL, (7, 1, WEEKS), (21, 21, DAYS), (365, 1, YEARS), (35, None, None))
"""The last has days alone."""


def of_unknown_period(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """Its period is a number that no document explains; the days are told."""
    row["every_period"] = UNKNOWN


def without_rhythm(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """Nothing tells how often it ships."""
    row |= rng.choice(
        ({"every": 0, "frequency_days": 0}, {"every": None, "every_period": None, "frequency_days": None})
    )


def imported(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """It came from an earlier program, where it started long before it was created here."""
    row["start_date"] = day_after(row["start_date"], -rng.randrange(30, 900))


def next_day(subscription: Row, day: str) -> str:
    """The ISO day of the shipment after that of a day: months and years by the calendar, cut at the month's end."""
    every, period = subscription["every"], subscription["every_period"]
    if every and period in (MONTHS, YEARS):
        return _months_later(date.fromisoformat(day), every * (12 if period == YEARS else 1)).isoformat()
    return day_after(day, subscription["frequency_days"] or UNTOLD_DAYS)


def month_end(day: str) -> str:
    """The last ISO day of a day's month."""
    first = date.fromisoformat(day).replace(day=1)
    return (_months_later(first, 1) - timedelta(days=1)).isoformat()


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

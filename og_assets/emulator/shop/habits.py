"""How people and the shop behave in a world unless it is given other habits."""

from og_assets.emulator.shop import catalogue, day, people, placement
from og_assets.emulator.shop.clock import day_after
from og_assets.emulator.shop.state import Habits
from og_assets.emulator.shop.store import Row


def _one_currency(subscription: Row) -> str:
    return catalogue.CURRENCY


def _so_many_days(subscription: Row, day: str) -> str:
    return day_after(day, subscription["frequency_days"])


def _as_priced(subscription: Row, cents: int) -> int:
    return cents


EASY = Habits(
    frequencies=catalogue.FREQUENCIES,
    variations=people.VARIATIONS,
    outcomes=placement.usual_outcomes,
    happenings=day.USUAL_DAY,
    currency=_one_currency,
    next_day=_so_many_days,
    charge=_as_priced,
    shipped=placement.use_prepaid,
)
"""One currency, rhythms in days, a past that is told once and never changed."""

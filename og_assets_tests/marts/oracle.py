"""What the marts must say, written from their definitions with the standard library alone.

It knows a `Story`, what truly happened to a shop, and nothing of warehouses, SQL, or how the marts are made. Days of
instants are days in the business zone; money is in whole cents until it is divided.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS, WEEKS, MONTHS, YEARS = 1, 2, 3, 4
DAYS_OF_A_YEAR = 365
PLACED = 5
MERGED = 17
CANCELLED = 4
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Box:
    """What one subscription has in one order; `cents` null when no amount is known."""

    subscription: str
    order: str
    place_date: date
    status: int
    created: datetime
    units: int
    cents: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a subscription stands at an instant."""

    every: int | None = 1
    every_period: int | None = MONTHS
    frequency_days: int | None = 30
    boxes_per_billing: int | None = None
    last_renewal_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands now; `unit_cents` is its locked price, or else its product's."""

    key: str
    currency: str
    quantity: int
    unit_cents: int
    is_live: bool
    is_in_trial: bool = False


class Skip(NamedTuple):
    """A box that somebody left out."""

    subscription: str
    order: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What truly happened until `as_of`. `terms` are those that a warehouse can know at the end of a day."""

    as_of: datetime
    subscriptions: Mapping[str, Subscription]
    switches: Mapping[str, Sequence[tuple[datetime, bool]]]
    boxes: Sequence[Box]
    terms: Mapping[date, Mapping[str, Terms]]
    skips: Sequence[Skip] = ()
    zone: ZoneInfo = NEW_YORK

    @property
    def as_of_date(self) -> date:
        """The business day that it is."""
        return self.day(self.as_of)

    def day(self, at: datetime) -> date:
        """The business day of an instant."""
        return at.astimezone(self.zone).date()


class Period(NamedTuple):
    """A stretch in which a subscription was active, from the day it began to the day it ended, if it did."""

    started_on: date
    ended_on: date | None


def periods(story: Story) -> dict[str, list[Period]]:
    """The stretches of each subscription, the first one first."""
    return {key: list(_stretches(story, switches)) for key, switches in story.switches.items()}


def _stretches(story: Story, switches: Iterable[tuple[datetime, bool]]) -> Iterator[Period]:
    """Of switches in a row that say the same, the first "on" and the last "off" count."""
    began: date | None = None
    ended: date | None = None
    for at, live in sorted(switches, key=lambda switch: switch[0]):
        if began is None:
            began = story.day(at) if live else None
        elif not live:
            ended = story.day(at)
        elif ended is not None:
            yield Period(began, ended)
            began, ended = story.day(at), None
    if began is not None:
        yield Period(began, ended)


def active_on(stretches: Iterable[Period], day: date) -> bool:
    """Whether one of these periods has that day: it has started by then, and not ended."""
    return any(began <= day and (ended is None or ended > day) for began, ended in stretches)


def active_days(story: Story, first: date, last: date) -> set[tuple[str, date]]:
    """Each subscription with each day, both bounds included, on which it was active."""
    return {
        (key, day)
        for key, stretches in periods(story).items()
        for day in days_from(first, last)
        if active_on(stretches, day)
    }


def days_from(first: date, last: date) -> list[date]:
    """The days from one to another, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def skipped_boxes(story: Story) -> set[tuple[str, str]]:
    """Subscription and order of each box left out while the subscription went on: it was active when the day ended."""
    stretches = periods(story)
    return {
        (skip.subscription, skip.order)
        for skip in story.skips
        if active_on(stretches[skip.subscription], story.day(skip.at))
    }


def boxes_per_month(terms: Terms) -> Fraction | None:
    """How many boxes a month has on average; None without an interval."""
    every, days = terms.every or 0, terms.frequency_days or 0
    if every > 0 and terms.every_period in (DAYS, WEEKS):
        return Fraction(DAYS_OF_A_YEAR, 12 * every * (7 if terms.every_period == WEEKS else 1))
    if every > 0 and terms.every_period in (MONTHS, YEARS):
        return Fraction(1, every * (12 if terms.every_period == YEARS else 1))
    return Fraction(DAYS_OF_A_YEAR, 12 * days) if days > 0 else None


def rounded(amount: Fraction) -> Decimal:
    """To four digits, half up."""
    return Decimal((amount * 20_000 + 1) // 2).scaleb(-4)


class Rate(NamedTuple):
    """The MRR of a subscription, in the currency that it is paid in."""

    currency: str
    amount: Decimal


def mrr(story: Story, day: date) -> dict[str, Rate]:
    """The MRR of each subscription at the end of a day, those without any left out."""
    boxes: dict[str, list[Box]] = defaultdict(list)
    for box in sorted(story.boxes, key=lambda box: (box.place_date, box.created, box.order)):
        if box.status != MERGED and box.cents is not None:
            boxes[box.subscription].append(box)
    found = {}
    for key, stretches in periods(story).items():
        if not active_on(stretches, day) or story.subscriptions[key].is_in_trial:
            continue
        rate = _rate(story.subscriptions[key], boxes[key], story.terms[day][key], day)
        if rate is not None and rate.amount:
            found[key] = rate
    return found


def _rate(subscription: Subscription, boxes: Sequence[Box], terms: Terms, day: date) -> Rate | None:
    per_month = boxes_per_month(terms)
    if per_month is None:
        return None
    currency, cents = _value(subscription, boxes, terms, day)
    return Rate(currency, rounded(cents / 100 * per_month))


def _value(subscription: Subscription, boxes: Sequence[Box], terms: Terms, day: date) -> tuple[str, Fraction]:
    """What a box is worth, and in which currency; `boxes` in order of place."""
    if terms.boxes_per_billing and terms.last_renewal_cents is not None:
        return subscription.currency, Fraction(terms.last_renewal_cents, terms.boxes_per_billing)
    placed = [box for box in boxes if box.status == PLACED and box.place_date <= day]
    box = placed[-1] if placed else boxes[0] if boxes else None
    if box is None or box.cents is None:
        return subscription.currency, Fraction(subscription.quantity * subscription.unit_cents)
    return box.currency, Fraction(box.cents)


def month_ends(first: date, last: date) -> list[date]:
    """The last days of the months from that of `first` on; of the month of `last`, `last` itself."""
    ends, month = [], first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        ends.append(min(last, following - timedelta(days=1)))
        month = following
    return ends


def end_of(day: date, zone: ZoneInfo = NEW_YORK) -> datetime:
    """The last second of a business day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(seconds=1)


def units_placed(story: Story, first: date, last: date, of: set[str]) -> dict[date, int]:
    """Units of placed boxes of these subscriptions by day, both bounds included."""
    units: dict[date, int] = defaultdict(int)
    for box in story.boxes:
        if box.status == PLACED and first <= box.place_date <= last and box.subscription in of:
            units[box.place_date] += box.units
    return dict(units)

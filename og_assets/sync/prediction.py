"""How long a first sync will take, from days of the past that are read as a sample: lists do not tell their length."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from og_assets.ordergroove.client import PAGE_SIZE, OrdergrooveClient
from og_assets.ordergroove.objects import OrdergrooveObject

EARLIEST = 2010
"""Ordergroove was founded in that year."""
SAMPLED_DAYS = 8
PAGES_OF_A_DAY = 10
"""A sampled day with more pages is not read further; the estimate is then a lower bound."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the first pull of an object will be like. `page_seconds` is the mean time of an answer in the sample.

    `is_at_least` says that a sampled day had more pages than were read.
    """

    records: int
    page_seconds: float
    is_at_least: bool

    @property
    def pages(self) -> int:
        """How many requests it takes."""
        return max(1, -(-self.records // PAGE_SIZE))

    @property
    def duration(self) -> timedelta:
        """How long these take, one after the other."""
        return timedelta(seconds=self.pages * self.page_seconds)


def predict_first_pull(client: OrdergrooveClient, object: OrdergrooveObject, today: date) -> Prediction:
    """Predict the first pull of an object with time filters, with at most some 90 requests.

    What changed on SAMPLED_DAYS of the history, evenly apart, stands for all days of it; today is not among them.
    Raises OrdergrooveError.
    """
    first_year = today.year
    while first_year > EARLIEST and _has_records(client, object, date(first_year, 1, 1)):
        first_year -= 1
    first_day = date(first_year, 1, 1)
    days = max(1, (today - first_day).days)
    sampled = {first_day + timedelta(days=days * number // SAMPLED_DAYS) for number in range(SAMPLED_DAYS)}
    records = answers = 0
    seconds = 0.0
    is_at_least = False
    for day in sorted(sampled):
        pages = list(islice(client.pages(object, _changed(object, day, day), page_size=PAGE_SIZE), PAGES_OF_A_DAY))
        records += sum(len(page.records) for page in pages)
        answers += len(pages)
        seconds += sum(page.seconds for page in pages)
        is_at_least |= pages[-1].next_url is not None
    return Prediction(records * days // len(sampled), seconds / answers, is_at_least)


def _has_records(client: OrdergrooveClient, object: OrdergrooveObject, before: date) -> bool:
    page = next(client.pages(object, _changed(object, None, before - timedelta(days=1)), page_size=1))
    return bool(page.records)


def _changed(object: OrdergrooveObject, first: date | None, last: date) -> dict[str, str]:
    """Filters for the days from `first` to `last`, whole days of whatever zone Ordergroove means: each counts once."""
    start = {str(object.start_param): f"{first}T00:00:00"} if first else {}
    return {**start, str(object.end_param): f"{last}T23:59:59"}

"""Days and instants of a shop: zones, placement hours, shop hours. Pure."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STAMP_ZONE = ZoneInfo("America/New_York")
"""The zone in which Ordergroove says that it stamps data; which day a planned placement's midnight belongs to."""

PLACEMENT_ZONE = ZoneInfo("America/Chicago")
"""Placement hours are configured in Central time (guide: recurring-order-placement)."""

PLACEMENT_TIME = time(3)
DAY_SECONDS = 86400


def placement_of(day: date) -> datetime:
    """When the nightly placement of that day runs, in UTC."""
    return datetime.combine(day, PLACEMENT_TIME, PLACEMENT_ZONE).astimezone(UTC)


def next_placement(now: datetime) -> datetime:
    """The first nightly placement after `now`, in UTC."""
    today = now.astimezone(PLACEMENT_ZONE).date()
    tonight = placement_of(today)
    return tonight if tonight > now else placement_of(today + timedelta(days=1))


def daytime(rng: random.Random, day: date) -> int:
    """A moment between 13:00 and 23:59 UTC of a day: shop hours in America, in no zone's repeated or skipped hour."""
    midnight = datetime.combine(day, time(), UTC)
    return int(midnight.timestamp()) + rng.randrange(13 * 3600, 24 * 3600)


def day_after(day: str, days: int) -> str:
    """The ISO day that many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def instant(epoch: int) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch, UTC)

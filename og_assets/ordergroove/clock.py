"""Ordergroove's wall clocks without a zone, and instants. Pure.

Ordergroove writes and reads `YYYY-MM-DD HH:MM:SS` without a zone. Its guides say "EST" for stored
stamps and "CST" for filters, and not whether daylight saving applies. So stamps are read in one
configured zone, and filters are sent so that they are right in every zone they may be read in.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

CLOCK_SKEW_LIMIT = timedelta(seconds=60)
"""A larger difference between Ordergroove's clock and this machine's is told to people."""

_NEW_YORK = ZoneInfo("America/New_York")
_CHICAGO = ZoneInfo("America/Chicago")
_EARLIEST_CLOCK = timezone(timedelta(hours=-6))
_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_HALF_A_DAY = timedelta(hours=12)
_NO_OFFSET = timedelta(0)


class SourceClock:
    """The zone in which Ordergroove's stored stamps are read.

    Raises ValueError for a zone name that is not in the time zone database.
    """

    def __init__(self, zone_name: str = "America/New_York") -> None:
        try:
            self._zone = ZoneInfo(zone_name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"ORDERGROOVE_SOURCE_TZ is {zone_name!r}, which is no time zone. "
                "Use a name of the time zone database, such as America/New_York or America/Chicago."
            ) from None
        self.zone_name = zone_name
        self._offset = self._zone.utcoffset
        self.plain_offset: Callable[[int], timedelta | None] = lru_cache(maxsize=10_000)(self._offset_of_plain_day)
        """The offset of a day (its ordinal) on which the clock does not change; None for any other."""

    def to_utc(self, stamp: datetime) -> datetime:
        """The instant of a stamp, as a UTC wall clock without a zone.

        Of an hour that autumn repeats, the earlier instant; a time that spring leaves out is
        shifted forward by the hour that is missing. A stamp that has a zone keeps its own.
        A stamp that no calendar reaches in UTC (year 9999 as "never") stays as it is.
        """
        if stamp.tzinfo is None and (offset := self.plain_offset(stamp.toordinal())) is not None:
            return stamp - offset
        try:
            if stamp.tzinfo is not None:
                return stamp.astimezone(UTC).replace(tzinfo=None)
            if stamp.fold:
                stamp = stamp.replace(fold=0)
            return stamp - (self._offset(stamp) or _NO_OFFSET)
        except OverflowError:
            return stamp.replace(tzinfo=None)

    def is_missing(self, stamp: datetime) -> bool:
        """Whether spring leaves this wall clock time out: no clock in this zone ever showed it."""
        if stamp.tzinfo is not None or self.plain_offset(stamp.toordinal()) is not None:
            return False
        before, after = self._offset(stamp.replace(fold=0)), self._offset(stamp.replace(fold=1))
        return before is not None and after is not None and before < after

    def is_out_of_reach(self, stamp: datetime) -> bool:
        """Whether the calendar ends before the instant of this stamp in UTC."""
        offset = self._offset(stamp) if stamp.tzinfo is None else stamp.utcoffset()
        try:
            stamp.replace(tzinfo=None) - (offset or _NO_OFFSET)
        except OverflowError:
            return True
        return False

    def _offset_of_plain_day(self, ordinal: int) -> timedelta | None:
        day = date.fromordinal(ordinal)
        if not _is_inside(day):
            return None
        midnight = datetime.combine(day, time())
        # The midnight after it, too: zones have left out whole days.
        offsets = {self._offset(midnight + half * _HALF_A_DAY) or _NO_OFFSET for half in (0, 1, 2)}
        return offsets.pop() if len(offsets) == 1 else None


def _is_inside(day: date) -> bool:
    """Whether the days before and after exist too."""
    return date.min < day < date.max


def filter_start(instant: datetime) -> str:
    """The value of a `*_start` filter that leaves out nothing changed at or after an instant (aware).

    It is the earliest clock that Ordergroove may mean, UTC-6 all year, rounded down to the second.
    Where US clocks skip or repeat that time, an earlier one that is plain on all of them.
    """
    wall = _aware(instant).astimezone(_EARLIEST_CLOCK).replace(tzinfo=None, microsecond=0)
    while not _is_plain(wall):
        wall = _hour_of(wall) - _SECOND
    return wall.isoformat()


def filter_end(instant: datetime) -> str:
    """The value of an `*_end` filter that leaves out nothing changed at or before an instant (aware).

    It is the latest clock that Ordergroove may mean, New York's, rounded up to the second. Where US
    clocks skip or repeat that time, a later one that is plain on all of them.
    """
    local = _aware(instant).astimezone(_NEW_YORK).replace(tzinfo=None, fold=0)
    wall = local if local.microsecond == 0 else local.replace(microsecond=0) + _SECOND
    while not _is_plain(wall):
        wall = _hour_of(wall) + _HOUR
    return wall.isoformat()


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def _hour_of(wall: datetime) -> datetime:
    return wall.replace(minute=0, second=0, microsecond=0)


def _is_plain(wall: datetime) -> bool:
    """Whether US clocks show this time exactly once on its day."""
    return all(
        zone.utcoffset(wall.replace(fold=0)) == zone.utcoffset(wall.replace(fold=1)) for zone in (_NEW_YORK, _CHICAGO)
    )

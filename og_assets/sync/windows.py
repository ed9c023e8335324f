"""Windows: which stretch of time a run reads, from its days and its watermark. Pure; knows no Dagster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from og_assets.ordergroove.clock import filter_end, filter_start
from og_assets.ordergroove.objects import OrdergrooveObject

CHICAGO = ZoneInfo("America/Chicago")
"""Days begin and end here: Ordergroove's guides give their times of day in CST."""
LOOKBACK = timedelta(minutes=10)
"""How much earlier than the watermark a sync starts: what Ordergroove commits late is then still seen."""
NIGHT = time(18)
"""In Chicago: what is done once a night is done by the first sync from then on. The schedules' is at 8 PM."""
_DAY = timedelta(days=1)


class PullMode(Enum):
    """Why an object is read, which decides how far back."""

    SINCE_WATERMARK = "since_watermark"
    """What the schedules do: everything that changed since the last sync."""
    DAYS = "days"
    """A person materialized certain days."""
    WHOLE_HISTORY = "whole_history"
    """A first load or a full refresh."""


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """The stretch of time whose changes are read; aware instants, both included.

    `start` None reaches back to the beginning of history, `end` None is open: up to now.
    """

    start: datetime | None = None
    end: datetime | None = None

    def filters(self, object: OrdergrooveObject) -> dict[str, str]:
        """The object's time filters for this window, wide enough for every zone they may be read in.

        Empty for an object without time filters: that one is always read whole.
        """
        filters: dict[str, str] = {}
        if self.start is not None and object.start_param is not None:
            filters[object.start_param] = filter_start(self.start)
        if self.end is not None and object.end_param is not None:
            filters[object.end_param] = filter_end(self.end)
        return filters

    def reaches_back_to(self, watermark: datetime | None) -> bool:
        """Whether nothing is left out between the watermark (None: the beginning) and this window's start."""
        return self.start is None or (watermark is not None and self.start <= watermark)

    def moves_watermark(self, watermark: datetime | None) -> bool:
        """Whether a complete pull of this window leaves no gap, neither after the old watermark nor before now."""
        return self.end is None and self.reaches_back_to(watermark)


WHOLE_HISTORY = SyncWindow()


def check_range(first_day: date, last_day: date, today: date, first_partition: date) -> None:
    """Refuse a range of days that Dagster would accept in silence: reversed, in the future, before the first one.

    Raises ValueError that says which days are possible.
    """
    if not first_partition <= first_day <= last_day <= today:
        raise ValueError(
            f"The days {first_day} to {last_day} cannot be read. "
            f"Choose a first and a last day, in this order, from {first_partition} to {today} (today in Chicago); "
            "ORDERGROOVE_START_DATE sets the earliest."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """What a run asks of each object: why it is read, and the days of its partitions, both included.

    Days are those of America/Chicago, `today` too. Raises ValueError for a reversed range or one that ends after today.
    """

    mode: PullMode
    first_day: date
    last_day: date
    today: date

    def __post_init__(self) -> None:
        check_range(self.first_day, self.last_day, self.today, first_partition=self.first_day)

    def window(self, watermark: datetime | None) -> SyncWindow:
        """The window of an object with this watermark (aware; None before its first complete pull).

        A sync begins at the watermark minus LOOKBACK, whatever its days: they only say which partitions
        it makes green. A person's past days are read exactly and leave the watermark alone; with today
        among them the window is open at its end and begins at the first day, or at the watermark minus
        LOOKBACK if that is earlier. Without a watermark, what is not past days is the whole history.
        """
        if self.mode is PullMode.DAYS and self.last_day < self.today:
            return SyncWindow(_midnight(self.first_day), _midnight(self.last_day + _DAY))
        if self.mode is PullMode.WHOLE_HISTORY or watermark is None:
            return WHOLE_HISTORY
        since = watermark - LOOKBACK
        if self.mode is PullMode.DAYS:
            since = min(since, _midnight(self.first_day))
        return SyncWindow(since.astimezone(UTC))

    def moves_watermark(self, watermark: datetime | None) -> bool:
        """Whether a complete pull leaves no gap behind the watermark that it sets."""
        return self.window(watermark).moves_watermark(watermark)

    @property
    def covered_since(self) -> datetime | None:
        """Since when all before the window is covered by other pulls; None: the watermark is this pull's own start."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRequest:
    """One segment of a whole history that is read in several.

    `covered_since` (aware, Ordergroove's clock) is when the first of them began; the last one, which is open at its
    end, then moves the watermark to that instant.
    """

    segment: SyncWindow
    covered_since: datetime | None
    mode: PullMode = PullMode.WHOLE_HISTORY

    def window(self, _: datetime | None) -> SyncWindow:
        """The segment, whatever the watermark."""
        return self.segment

    def moves_watermark(self, watermark: datetime | None) -> bool:
        """Whether this segment is the last of all, or leaves no gap by itself."""
        is_last = self.covered_since is not None and self.segment.end is None
        return is_last or self.segment.moves_watermark(watermark)


def segments(start: date, end: date) -> Iterator[SyncWindow]:
    """The whole history month by month, for lists too slow to be read in one go (guide: data pipelines).

    The first segment has no start and ends with the month of `start`, the last begins with the
    month of `end` and has no end. Edges belong to both neighbours, so nothing falls between them.
    Raises ValueError when `end` is before `start`.
    """
    if end < start:
        raise ValueError(f"segments from {start} to {end}: the end is before the start")
    opened: datetime | None = None
    month = start.replace(day=1)
    while month < end.replace(day=1):
        month = (month + 31 * _DAY).replace(day=1)
        yield SyncWindow(opened, _midnight(month))
        opened = _midnight(month)
    yield SyncWindow(opened)


def last_evening(now: datetime) -> datetime:
    """When the night began that `now` (aware) is in or follows: the last time that it was NIGHT in Chicago."""
    local = now.astimezone(CHICAGO)
    return datetime.combine(local.date() - timedelta(days=local.time() < NIGHT), NIGHT, CHICAGO).astimezone(UTC)


def _midnight(day: date) -> datetime:
    """The instant at which a day begins in Chicago. In UTC: windows of 23 and 25 hours subtract rightly there."""
    return datetime.combine(day, time(), tzinfo=CHICAGO).astimezone(UTC)

"""Days and windows: what a run reads follows from its days and its watermark, and nothing falls between windows."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from og_assets.assets.partitions import daily_partitions
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.windows import WHOLE_HISTORY, PullMode, PullRequest, SyncWindow, check_range, segments

CHICAGO = ZoneInfo("America/Chicago")
LOOKBACK = timedelta(minutes=10)
TODAY = date(2025, 6, 12)
WATERMARK = datetime(2025, 6, 11, 17, 0, tzinfo=UTC)
BY_NAME = {object.name: object for object in OBJECTS}

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)).map(lambda wall: wall.replace(tzinfo=UTC))
modes = st.sampled_from(PullMode)


def window(
    first: date, last: date, mode: PullMode, watermark: datetime | None = WATERMARK, today: date = TODAY
) -> SyncWindow:
    return PullRequest(mode=mode, first_day=first, last_day=last, today=today).window(watermark)


def test_todays_partition_exists_from_midnight_in_chicago() -> None:
    """The run at noon has a partition of its day; tomorrow's is not there yet."""
    partitions = daily_partitions(date(2025, 1, 1))
    assert partitions.get_partition_keys(current_time=datetime(2025, 1, 3, 5, 59, tzinfo=UTC))[-1] == "2025-01-02"
    assert partitions.get_partition_keys(current_time=datetime(2025, 1, 3, 6, 0, tzinfo=UTC))[-1] == "2025-01-03"
    assert partitions.get_partition_keys(current_time=datetime(2025, 1, 3, 6, 0, tzinfo=UTC))[0] == "2025-01-01"


def test_sync_starts_a_lookback_before_the_watermark_and_is_open() -> None:
    """The days of the range do not matter: three days of outage heal in one run."""
    for first in (TODAY, TODAY - timedelta(days=3)):
        assert window(first, TODAY, PullMode.SINCE_WATERMARK) == SyncWindow(WATERMARK - LOOKBACK)


@pytest.mark.parametrize("mode", PullMode)
def test_first_pull_is_the_whole_history(mode: PullMode) -> None:
    """Without a watermark a run that includes today leaves nothing out, whoever asked for it."""
    assert window(TODAY, TODAY, mode, watermark=None) == WHOLE_HISTORY


def test_days_that_include_today_reach_back_to_the_first_of_them_or_to_the_watermark() -> None:
    """Whichever is earlier: the days asked for are read, and the watermark may still move."""
    early, late = date(2025, 6, 1), TODAY
    assert window(early, TODAY, PullMode.DAYS) == SyncWindow(datetime(2025, 6, 1, 5, tzinfo=UTC))
    assert window(late, TODAY, PullMode.DAYS) == SyncWindow(WATERMARK - LOOKBACK)


@pytest.mark.parametrize("watermark", [None, WATERMARK])
def test_past_days_are_read_exactly_and_leave_the_watermark_alone(watermark: datetime | None) -> None:
    """From midnight to midnight in Chicago, also over the night in which clocks change."""
    past = window(date(2025, 3, 9), date(2025, 3, 9), PullMode.DAYS, watermark)
    assert past == SyncWindow(datetime(2025, 3, 9, 6, tzinfo=UTC), datetime(2025, 3, 10, 5, tzinfo=UTC))
    assert not past.moves_watermark(watermark)


def test_sync_that_waited_past_midnight_is_still_a_sync() -> None:
    """Its days are past when it starts; it catches up from the watermark all the same."""
    assert window(TODAY - timedelta(days=1), TODAY - timedelta(days=1), PullMode.SINCE_WATERMARK) == SyncWindow(
        WATERMARK - LOOKBACK
    )


def test_whole_history_has_no_bounds_whatever_the_days() -> None:
    """A full refresh of past days still is one."""
    assert window(date(2025, 3, 9), date(2025, 3, 9), PullMode.WHOLE_HISTORY) == WHOLE_HISTORY


@given(first=days, length=st.integers(0, 400), age=st.integers(0, 2), watermark=st.none() | instants, mode=modes)
def test_window_covers_the_days_asked_for_or_everything_since_the_watermark(
    first: date, length: int, age: int, watermark: datetime | None, mode: PullMode
) -> None:
    """A person gets the days asked for; a sync gets what changed since the watermark, with the lookback."""
    last = first + timedelta(days=length)
    today = last + timedelta(days=age)
    read = window(first, last, mode, watermark, today)
    if mode is PullMode.DAYS:
        begin = datetime(first.year, first.month, first.day, tzinfo=CHICAGO).astimezone(UTC)
        assert read.start is None or read.start <= begin
    if last == today or mode is not PullMode.DAYS:
        assert read.moves_watermark(watermark)
        assert read.start is None or (watermark is not None and read.start <= watermark - LOOKBACK)
    elif read.end is not None:
        after = last + timedelta(days=1)
        assert read.end == datetime(after.year, after.month, after.day, tzinfo=CHICAGO).astimezone(UTC)


def test_only_an_open_window_that_reaches_back_moves_the_watermark() -> None:
    """A gap before the window or after it would be lost for ever if the watermark jumped over it."""
    later = WATERMARK + timedelta(seconds=1)
    assert SyncWindow(WATERMARK).moves_watermark(WATERMARK)
    assert not SyncWindow(later).moves_watermark(WATERMARK)
    assert not SyncWindow(WATERMARK, later).moves_watermark(WATERMARK)
    assert not SyncWindow(WATERMARK).moves_watermark(None)
    assert not SyncWindow(None, later).moves_watermark(None)
    assert WHOLE_HISTORY.moves_watermark(None)
    assert WHOLE_HISTORY.moves_watermark(WATERMARK)


def test_window_that_starts_after_the_watermark_does_not_reach_back() -> None:
    """What matters is the start alone."""
    assert SyncWindow(WATERMARK, WATERMARK).reaches_back_to(WATERMARK)
    assert not SyncWindow(WATERMARK).reaches_back_to(WATERMARK - timedelta(microseconds=1))
    assert not SyncWindow(WATERMARK).reaches_back_to(None)


def test_filters_use_the_names_of_the_object_and_the_safe_clocks() -> None:
    """Each object has its own names; the start goes out on UTC-6, the end in New York."""
    july = SyncWindow(datetime(2025, 7, 10, 18, tzinfo=UTC), datetime(2025, 7, 10, 19, tzinfo=UTC))
    start, end = "2025-07-10T12:00:00", "2025-07-10T15:00:00"
    assert july.filters(BY_NAME["customers"]) == {"updated_start": start, "updated_end": end}
    assert july.filters(BY_NAME["items"]) == {"order_updated_start": start, "order_updated_end": end}
    assert SyncWindow(july.start).filters(BY_NAME["orders"]) == {"updated_start": start}


def test_objects_without_time_filters_are_asked_for_whole() -> None:
    """Whatever the window, payments and products are sent no time."""
    for object in OBJECTS:
        if not object.is_incremental:
            assert SyncWindow(WATERMARK, WATERMARK).filters(object) == {}
        assert WHOLE_HISTORY.filters(object) == {}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 6, 12), date(2025, 6, 11)),
        (date(2025, 6, 12), date(2025, 6, 13)),
        (date(2024, 12, 31), date(2025, 6, 12)),
    ],
    ids=["reversed", "in the future", "before the first partition"],
)
def test_impossible_ranges_are_refused(first: date, last: date) -> None:
    """Dagster runs them in silence and marks little or nothing; we say which days are possible."""
    with pytest.raises(ValueError, match="from 2025-01-01 to 2025-06-12"):
        check_range(first, last, TODAY, date(2025, 1, 1))


def test_possible_ranges_pass() -> None:
    """One day, all days."""
    check_range(TODAY, TODAY, TODAY, TODAY)
    check_range(date(2025, 1, 1), TODAY, TODAY, date(2025, 1, 1))


@pytest.mark.parametrize(("first", "last"), [(TODAY, TODAY + timedelta(days=1)), (TODAY, TODAY - timedelta(days=1))])
def test_window_of_an_impossible_range_is_refused(first: date, last: date) -> None:
    """A caller that forgot the check gets no window that looks right."""
    with pytest.raises(ValueError, match="cannot be read"):
        window(first, last, PullMode.SINCE_WATERMARK)


@given(ends=st.lists(days, min_size=2, max_size=2).map(sorted))
def test_segments_cover_all_of_history_without_a_gap(ends: list[date]) -> None:
    """The first is open at its start, the last at its end, and neighbours share their edge."""
    start, end = ends
    cut = list(segments(start, end))
    assert cut[0].start is None
    assert cut[-1].end is None
    assert all(left.end == right.start is not None for left, right in pairwise(cut))
    assert len(cut) == (end.year - start.year) * 12 + end.month - start.month + 1


def test_segments_are_months_of_chicago() -> None:
    """History before the first month and changes after the last are in them too."""
    april, may = datetime(2025, 4, 1, 5, tzinfo=UTC), datetime(2025, 5, 1, 5, tzinfo=UTC)
    assert list(segments(date(2025, 3, 31), date(2025, 5, 1))) == [
        SyncWindow(None, april),
        SyncWindow(april, may),
        SyncWindow(may, None),
    ]
    assert list(segments(date(2025, 3, 1), date(2025, 3, 31))) == [WHOLE_HISTORY]


def test_segments_of_a_reversed_range_are_refused() -> None:
    """An empty iteration would look like a complete pull."""
    with pytest.raises(ValueError, match="before the start"):
        list(segments(date(2025, 3, 2), date(2025, 3, 1)))

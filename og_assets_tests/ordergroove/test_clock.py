"""Wall clocks without a zone: what is stored is read as one instant, what is asked for leaves nothing out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from og_assets.ordergroove.clock import SourceClock, filter_end, filter_start

NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
US_CLOCKS: list[tzinfo] = [NEW_YORK, CHICAGO, timezone(timedelta(hours=-5)), timezone(timedelta(hours=-6))]

# Both DST nights of each of these years, in UTC, from before the change in New York until after the one in Chicago.
CHANGES = [
    datetime(year, month, day, 4, tzinfo=UTC)
    for year, march, november in [(2023, 12, 5), (2024, 10, 3), (2025, 9, 2), (2026, 8, 1), (2027, 14, 7)]
    for month, day in [(3, march), (11, november)]
]
any_instant = st.datetimes(datetime(2019, 1, 1), datetime(2032, 12, 31)).map(lambda wall: wall.replace(tzinfo=UTC))
near_a_change = st.builds(
    lambda night, after: night + after,
    st.sampled_from(CHANGES),
    st.timedeltas(timedelta(hours=-1), timedelta(hours=7)),
)
on_the_hour = st.builds(
    lambda night, hours, off: night + timedelta(hours=hours, microseconds=off),
    st.sampled_from(CHANGES),
    st.integers(-1, 7),
    st.sampled_from([-1_000_000, -1, 0, 1, 1_000_000]),
)
instants = any_instant | near_a_change | on_the_hour


Reading = Callable[[str, datetime], int]


def textual(zone: tzinfo) -> Reading:
    """A server that compares the filter with the text of its rows, written on the wall clock of a zone."""

    def compare(value: str, changed: datetime) -> int:
        row, asked = changed.astimezone(zone).replace(tzinfo=None, fold=0), datetime.fromisoformat(value)
        return (row > asked) - (row < asked)

    return compare


def resolving(zone: tzinfo, fold: int) -> Reading:
    """A server that makes an instant of the filter (of a repeated or missing hour: either) and compares instants."""

    def compare(value: str, changed: datetime) -> int:
        asked = datetime.fromisoformat(value).replace(tzinfo=zone, fold=fold).astimezone(UTC)
        return (changed > asked) - (changed < asked)

    return compare


US_READINGS = [textual(zone) for zone in US_CLOCKS] + [resolving(zone, fold) for zone in US_CLOCKS for fold in (0, 1)]
ALL_READINGS = [*US_READINGS, textual(UTC), resolving(UTC, 0)]
a_while = st.timedeltas(timedelta(0), timedelta(hours=4)) | st.timedeltas(timedelta(0), timedelta(days=400))


@given(start=instants, later=a_while)
def test_start_filter_leaves_out_nothing_changed_at_or_after_it(start: datetime, later: timedelta) -> None:
    """Whatever zone the server reads the filter in, UTC included, a row changed since `start` is served."""
    for compare in ALL_READINGS:
        assert compare(filter_start(start), start + later) >= 0


@given(end=instants, earlier=a_while)
def test_end_filter_leaves_out_nothing_changed_at_or_before_it(end: datetime, earlier: timedelta) -> None:
    """Whatever US clock the server reads the filter on, a row changed until `end` is served."""
    for compare in US_READINGS:
        assert compare(filter_end(end), end - earlier) <= 0


@given(instant=instants)
def test_filters_are_times_that_every_us_clock_shows_exactly_once(instant: datetime) -> None:
    """No server has to guess which of two hours is meant, or to refuse an hour that does not exist."""
    for value in (filter_start(instant), filter_end(instant)):
        for zone in (NEW_YORK, CHICAGO):
            wall = datetime.fromisoformat(value)
            there_and_back = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
            assert there_and_back.replace(tzinfo=None) == wall
            assert wall.replace(tzinfo=zone, fold=1).utcoffset() == wall.replace(tzinfo=zone).utcoffset()


@given(instant=instants)
def test_filters_cost_only_a_few_hours_of_overlap(instant: datetime) -> None:
    """The window that is served is wider than the one meant by no more than three hours at either side."""
    start = datetime.fromisoformat(filter_start(instant)).replace(tzinfo=timezone(timedelta(hours=-6)))
    end = datetime.fromisoformat(filter_end(instant)).replace(tzinfo=timezone(timedelta(hours=-6)))
    assert timedelta(0) <= instant - start <= timedelta(hours=3)
    assert end - instant <= timedelta(hours=3, seconds=1)


@given(instant=instants, later=a_while)
def test_filters_keep_the_order_of_instants(instant: datetime, later: timedelta) -> None:
    """A later start is never sent as an earlier time, nor a later end."""
    assert filter_start(instant) <= filter_start(instant + later)
    assert filter_end(instant) <= filter_end(instant + later)


@pytest.mark.parametrize(
    ("start", "end", "sent_start", "sent_end"),
    [
        ("2025-01-10T18:00:00", "2025-01-10T19:00:00", "2025-01-10T12:00:00", "2025-01-10T14:00:00"),
        ("2025-07-10T18:00:00", "2025-07-10T19:00:00", "2025-07-10T12:00:00", "2025-07-10T15:00:00"),
        ("2025-07-10T18:00:00.9", "2025-07-10T19:00:00.1", "2025-07-10T12:00:00", "2025-07-10T15:00:01"),
        ("2025-11-02T07:30:00", "2025-11-02T06:30:00", "2025-11-02T00:59:59", "2025-11-02T02:00:00"),
        ("2025-03-09T08:30:00", "2025-03-09T06:59:59.5", "2025-03-09T01:59:59", "2025-03-09T03:00:00"),
    ],
    ids=["winter", "summer", "fractions of a second", "autumn night", "spring night"],
)
def test_filters_by_example(start: str, end: str, sent_start: str, sent_end: str) -> None:
    """Starts are sent on UTC-6 rounded down, ends in New York rounded up, both away from the hours of change."""
    assert filter_start(datetime.fromisoformat(start).replace(tzinfo=UTC)) == sent_start
    assert filter_end(datetime.fromisoformat(end).replace(tzinfo=UTC)) == sent_end


@pytest.mark.parametrize("send", [filter_start, filter_end])
def test_filters_refuse_an_instant_without_a_zone(send: Callable[[datetime], str]) -> None:
    """A naive datetime is no instant: guessing its zone would move the window."""
    with pytest.raises(ValueError, match="needs a time zone"):
        send(datetime(2025, 1, 1))


@given(instant=instants, zone=st.sampled_from([NEW_YORK, CHICAGO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]))
def test_stored_stamp_is_read_as_the_instant_it_was_written_at(instant: datetime, zone: ZoneInfo) -> None:
    """Except in the repeated hour of autumn, where it is read as the earlier of the two instants."""
    written = instant.astimezone(zone)
    read = SourceClock(zone.key).to_utc(written.replace(tzinfo=None)).replace(tzinfo=UTC)
    if written.fold:
        assert read < instant
        assert read.astimezone(zone).replace(tzinfo=None) == written.replace(tzinfo=None, fold=0)
    else:
        assert read == instant
    assert not SourceClock(zone.key).is_missing(written.replace(tzinfo=None))


def test_repeated_hour_is_the_earlier_instant_even_for_a_datetime_marked_as_the_second() -> None:
    """01:30 on an autumn night in New York is 05:30 UTC, not 06:30."""
    clock = SourceClock("America/New_York")
    assert clock.to_utc(datetime(2025, 11, 2, 1, 30)) == datetime(2025, 11, 2, 5, 30)
    assert clock.to_utc(datetime(2025, 11, 2, 1, 30, fold=1)) == datetime(2025, 11, 2, 5, 30)


@pytest.mark.parametrize(
    ("zone", "stamp", "instant"),
    [
        ("America/New_York", datetime(2025, 3, 9, 2, 30), datetime(2025, 3, 9, 7, 30)),
        ("America/Chicago", datetime(2025, 3, 9, 2, 0), datetime(2025, 3, 9, 8, 0)),
        ("Australia/Lord_Howe", datetime(2025, 10, 5, 2, 15), datetime(2025, 10, 4, 15, 45)),
    ],
)
def test_hour_that_spring_leaves_out_is_shifted_forward_and_told(zone: str, stamp: datetime, instant: datetime) -> None:
    """A time that no clock showed becomes one just after the change, and `is_missing` says so."""
    clock = SourceClock(zone)
    assert clock.to_utc(stamp) == instant
    assert clock.is_missing(stamp)
    assert not clock.is_missing(stamp + timedelta(hours=1))
    assert not clock.is_missing(stamp - timedelta(hours=1))


def test_repeated_hour_is_not_missing() -> None:
    """Shown twice is not left out."""
    assert not SourceClock("America/New_York").is_missing(datetime(2025, 11, 2, 1, 30))


def test_stamp_with_a_zone_keeps_its_own() -> None:
    """Selection rules are sent with `Z`: the configured zone is not for them."""
    stamp = datetime(2025, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert SourceClock("America/New_York").to_utc(stamp) == datetime(2025, 7, 1, 10)
    assert not SourceClock("America/New_York").is_missing(datetime(2025, 3, 9, 2, 30, tzinfo=UTC))


def test_end_of_the_calendar_stays_where_it_is() -> None:
    """`9999-12-31 23:59:59` means "never"; it must not break a record because UTC would be in year 10000."""
    never = datetime(9999, 12, 31, 23, 59, 59)
    assert SourceClock("America/New_York").to_utc(never) == never
    assert SourceClock("Asia/Tokyo").to_utc(datetime(1, 1, 1)) == datetime(1, 1, 1)
    assert SourceClock("UTC").to_utc(never.replace(tzinfo=timezone(timedelta(hours=-5)))) == never


@pytest.mark.parametrize("name", ["Amerika/New_York", "", "/etc/passwd", "America", "..", "EST5EDT4\0"])
def test_unknown_zone_is_refused_with_the_name_of_its_setting(name: str) -> None:
    """The person who mistyped a zone reads which variable to correct."""
    with pytest.raises(ValueError, match="ORDERGROOVE_SOURCE_TZ"):
        SourceClock(name)

"""How periods follow from what is told of one subscription, row by row: cases that a lived merchant seldom has."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from og_assets.warehouse.sql import read_sql

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12)
CANCEL, TAKE_UP = "subscription.cancel", "subscription.change_live"


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    """The tables that periods are made of, empty, as of thirty days after NOON."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(read_sql("marts/macros.sql"))
        connection.execute(
            "CREATE TABLE subscriptions (s BIGINT, created TIMESTAMP, start_date DATE, updated TIMESTAMP,"
            " cancelled TIMESTAMP, live BOOLEAN, reason_code INTEGER);"
            "CREATE TABLE subscription_events (s BIGINT, type VARCHAR, happened TIMESTAMP, reason_code INTEGER);"
            "CREATE TABLE subscription_states (s BIGINT, live BOOLEAN, cancelled TIMESTAMP, reason_code INTEGER,"
            " valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ, seen_at TIMESTAMPTZ);"
            "CREATE TABLE marts_as_of AS FROM (VALUES (DATE '2026-04-01', 'America/New_York'))"
            " AS one (as_of_date, business_timezone)"
        )
        yield connection


def subscribed(
    connection: DuckDBPyConnection,
    *,
    cancelled: datetime | None = None,
    updated: datetime = NOON,
    states: Sequence[tuple[bool, datetime | None, datetime]] = (),
    events: Sequence[tuple[str, datetime]] = (),
) -> list[tuple[datetime, datetime | None]]:
    """The periods of a subscription that was made a day before NOON; of `states` the last one is the record's.

    Each of these says whether it is live, when it was cancelled, and when it was seen.
    """
    connection.execute(
        "INSERT INTO subscriptions VALUES (1, $1, NULL, $2, $3, $4, NULL)",
        [NOON - DAY, updated, cancelled, cancelled is None],
    )
    for (live, ended, seen), after in zip_longest(states, states[1:]):
        until = after[2].replace(tzinfo=UTC) if after else None
        seen_at = seen.replace(tzinfo=UTC)
        connection.execute(
            "INSERT INTO subscription_states VALUES (1, ?, ?, NULL, ?, ?, ?)", [live, ended, seen_at, until, seen_at]
        )
    for type, at in events:
        connection.execute("INSERT INTO subscription_events VALUES (1, ?, ?, NULL)", [type, at])
    return connection.execute(
        f"SELECT started_at, ended_at FROM ({read_sql('marts/periods.sql')}) ORDER BY period"
    ).fetchall()


def test_cancelled_and_taken_up_in_one_second_goes_on(connection: DuckDBPyConnection) -> None:
    """In two periods, without a day between them, whichever webhook came first."""
    events = [(TAKE_UP, NOON), (CANCEL, NOON)]
    found = subscribed(connection, updated=NOON + 3 * DAY, events=events)
    assert found == [(NOON - DAY, NOON), (NOON, None)]


def test_taken_up_and_cancelled_in_one_second_stays_cancelled(connection: DuckDBPyConnection) -> None:
    """What had ended can only have begun first."""
    again = NOON + DAY
    found = subscribed(connection, cancelled=again, events=[(CANCEL, NOON), (CANCEL, again), (TAKE_UP, again)])
    assert found == [(NOON - DAY, NOON), (again, again)]


def test_two_such_seconds_leave_it_as_it_was(connection: DuckDBPyConnection) -> None:
    """Nothing else is known of in between."""
    events = [(type, NOON + hours * DAY) for hours in (0, 1) for type in (CANCEL, TAKE_UP)]
    found = subscribed(connection, events=events)
    assert found == [(NOON - DAY, NOON), (NOON, NOON + DAY), (NOON + DAY, None)]


def test_seen_without_life_and_cancelled_later_was_not_active_in_between(connection: DuckDBPyConnection) -> None:
    """It was taken up, nobody knows when: no day is claimed for it."""
    again = NOON + 5 * DAY
    states = [(False, NOON, NOON + DAY), (False, again, again + DAY)]
    assert subscribed(connection, cancelled=again, states=states) == [(NOON - DAY, NOON), (again, again)]


def test_a_webhook_tells_when_that_was(connection: DuckDBPyConnection) -> None:
    """And then nothing is added, also where the record's second is not the webhook's."""
    taken_up, again = NOON + 3 * DAY, NOON + 5 * DAY
    states = [(False, NOON, NOON + DAY), (False, again, again + DAY)]
    events = [(TAKE_UP, taken_up), (CANCEL, again - timedelta(seconds=1))]
    found = subscribed(connection, cancelled=again, states=states, events=events)
    assert found == [(NOON - DAY, NOON), (taken_up, again)]


def test_a_cancellation_that_is_only_dated_otherwise_is_no_take_up(connection: DuckDBPyConnection) -> None:
    """Its new date lies before the state that was seen; of two the last one counts."""
    corrected = NOON + timedelta(hours=1)
    states = [(False, NOON, NOON + DAY), (False, corrected, NOON + 2 * DAY)]
    assert subscribed(connection, cancelled=corrected, states=states) == [(NOON - DAY, corrected)]

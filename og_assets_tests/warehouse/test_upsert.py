"""What a batch makes of the rows that are there."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from warehouse_rows import GROUPS, NOON, ORDERS, begin, load, order, stored

from og_assets.warehouse.connecting import ROWS_PER_GROUP, open_warehouse
from og_assets.warehouse.load import BatchCounts
from og_assets.warehouse.tables import Table

EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=8)


def test_new_keys_are_inserted(connection: DuckDBPyConnection, path: Path) -> None:
    """The first batch of a table is all new."""
    assert load(connection, path, begin(connection), [order("a"), order("b")]) == BatchCounts(inserted=2)
    assert [row[0] for row in stored(connection)] == ["a", "b"]


def test_every_kind_arrives_exactly(connection: DuckDBPyConnection, path: Path) -> None:
    """Values come out as the type that the column promises, money to the last digit."""
    row = order(
        "a",
        tries=-2147483648,
        status=32767,
        total="99999999999999.9999",
        created="2026-03-08T07:30:00.123456",
        place="2026-02-28",
        locked=False,
        extra_data='{"b":  1.10, "a": "\\u00e9"}',
    )
    load(connection, path, begin(connection), [row])
    names = ", ".join(column.name for column in ORDERS.columns)
    assert stored(connection, names) == [
        (
            "a",
            -2147483648,
            32767,
            Decimal("99999999999999.9999"),
            datetime(2026, 3, 8, 7, 30, 0, 123456),
            date(2026, 2, 28),
            False,
            '{"b":  1.10, "a": "\\u00e9"}',
        )
    ]


def test_raw_is_kept_verbatim(connection: DuckDBPyConnection, path: Path) -> None:
    """White space, number spelling, escapes and the order of keys survive, and the raw record is JSON to SQL."""
    raw = '{ "public_id":"a",\n "price" : 1.10, "big": 12345678901234567890.10, "name":"\\u00e9\\/é", "price":2 }'
    load(connection, path, begin(connection), [{**order("a"), "_raw": raw}])
    assert stored(connection, "_raw, _raw ->> 'name', typeof(_raw), _synced_at") == [(raw, "é/é", "JSON", NOON)]


def test_rows_are_stored_in_small_groups_and_raw_records_with_zstd(path: Path) -> None:
    """A checkpoint writes whole groups of rows, and `_raw` is most of a file."""
    with open_warehouse(path) as connection:
        load(connection, path, begin(connection), [order(f"{number:05}") for number in range(ROWS_PER_GROUP + 1)])
    with open_warehouse(path, read_only=True) as connection:
        groups = connection.execute(
            "SELECT row_group_id, sum(count) FROM pragma_storage_info('ordergroove.orders')"
            " WHERE column_name = 'public_id' AND segment_type <> 'VALIDITY' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        raw = connection.execute(
            "SELECT DISTINCT compression FROM pragma_storage_info('ordergroove.orders')"
            " WHERE column_name = '_raw' AND segment_type <> 'VALIDITY'"
        ).fetchall()
    assert groups == [(0, ROWS_PER_GROUP), (1, 1)]
    assert raw == [("ZSTD",)]


def test_missing_and_null_values_are_null(connection: DuckDBPyConnection, path: Path) -> None:
    """What a row does not name is null, and so is JSON that is not there."""
    load(connection, path, begin(connection), [order("a", status=None)])
    assert stored(connection, "status, total, extra_data, _notes") == [(None, None, None, None)]


def test_changed_row_is_replaced(connection: DuckDBPyConnection, path: Path) -> None:
    """A later pull replaces what differs and says when and by which pull."""
    load(connection, path, begin(connection), [order("a", status=1), order("b", status=1)])
    counts = load(connection, path, begin(connection), [order("a", status=5, fetched=LATER)])
    assert counts == BatchCounts(updated=1)
    assert stored(connection) == [("a", 5, 2), ("b", 1, 1)]
    assert stored(connection, "_synced_at") == [(LATER,), (NOON,)]


def test_unchanged_row_is_not_touched(connection: DuckDBPyConnection, path: Path) -> None:
    """Running again changes nothing: the row keeps the time and the pull that wrote it."""
    load(connection, path, begin(connection), [order("a", status=1)])
    counts = load(connection, path, begin(connection), [order("a", status=1, fetched=LATER)])
    assert counts == BatchCounts(unchanged=1)
    assert stored(connection, "_sync_id, _synced_at") == [(1, NOON)]


@pytest.mark.parametrize("change", [{"status": 3}, {"_notes": '["total: not an amount"]'}, {"_raw": '{"new": 1}'}])
def test_row_with_any_difference_is_replaced(
    connection: DuckDBPyConnection, path: Path, change: dict[str, object]
) -> None:
    """A newer release may read more out of the same raw record; a new raw field may have no column."""
    load(connection, path, begin(connection), [order("a")])
    assert load(connection, path, begin(connection), [{**order("a"), **change}]) == BatchCounts(updated=1)


@pytest.mark.parametrize(("fetched", "status"), [(EARLIER, 5), (NOON, 5), (LATER, 1)])
def test_of_two_overlapping_pulls_the_later_fetch_wins(
    connection: DuckDBPyConnection, path: Path, fetched: datetime, status: int
) -> None:
    """An older pull may read a page after a later one did; stamps of change say nothing."""
    older = begin(connection, run_id="older")
    later = begin(connection, run_id="later")
    load(connection, path, later, [order("a", status=5, updated="2026-01-01")])
    load(connection, path, older, [order("a", status=1, fetched=fetched, updated="2027-01-01")])
    assert stored(connection, "status") == [(status,)]


def test_a_pull_after_the_clock_was_set_back_wins(connection: DuckDBPyConnection, path: Path) -> None:
    """Its fetches look older than those of the pull before it."""
    load(connection, path, begin(connection), [order("a", status=1, fetched=LATER)])
    load(connection, path, begin(connection), [order("a", status=5, fetched=NOON)])
    assert stored(connection, "status") == [(5,)]


def test_last_row_of_a_key_in_a_batch_wins(connection: DuckDBPyConnection, path: Path) -> None:
    """Pages shift while they are read, so that a record is served twice; the later one is the newer state."""
    rows = [order(f"k{number % 50:02d}", status=number) for number in range(5000)]
    assert load(connection, path, begin(connection), rows) == BatchCounts(inserted=50)
    assert [row[1] for row in stored(connection)] == list(range(4950, 5000))


def test_key_of_two_columns(connection: DuckDBPyConnection, path: Path) -> None:
    """Product groups have no id; type and name together identify one."""

    def groups(*keys: tuple[str, str], label: str = "x") -> list[dict[str, str]]:
        return [
            {"group_type": kind, "name": name, "_synced_at": NOON.isoformat(), "_raw": f'{{"label":"{label}"}}'}
            for kind, name in keys
        ]

    first = groups(("incentive", "sale"), ("eligibility", "sale"), ("incentive", "new"))
    run = begin(connection, "product_groups")
    assert load(connection, path, run, first, table=GROUPS) == BatchCounts(inserted=3)
    second = groups(("incentive", "sale"), label="y") + groups(("eligibility", "sale")) + groups(("sku_swap", "sale"))
    run = begin(connection, "product_groups")
    counts = load(connection, path, run, second, table=GROUPS)
    assert counts == BatchCounts(inserted=1, updated=1, unchanged=1)


@pytest.mark.parametrize("before", [None, "2026-01-05T10:00:00", "2026-01-04T10:00:01"])
@pytest.mark.parametrize("after", [None, "2026-01-05T10:00:00"])
def test_created_narrows_the_search_but_misses_no_row(
    connection: DuckDBPyConnection, path: Path, before: str | None, after: str | None
) -> None:
    """Rows are found when `created` is null on either side, or was read on another zone's clock."""
    load(connection, path, begin(connection), [order("a", created=before), order("old", created="2020-01-01T00:00:00")])
    counts = load(connection, path, begin(connection), [order("a", created=after, status=2)])
    assert counts == BatchCounts(updated=1)
    assert [row[0] for row in stored(connection)] == ["a", "old"]


def test_table_without_creation_stamp(connection: DuckDBPyConnection, path: Path) -> None:
    """Items carry no `created`; they are found by key alone."""
    columns = tuple(column for column in ORDERS.columns if column.name != "created")
    table = Table("ordergroove", "orders", ("public_id",), columns, "Like items.")
    load(connection, path, begin(connection), [order("a", status=1)], table=table)
    assert load(connection, path, begin(connection), [order("a", status=2)], table=table) == BatchCounts(updated=1)


def test_earliest_and_latest_stamps_do_not_break_the_range(connection: DuckDBPyConnection, path: Path) -> None:
    """A day before year 1 and after 9999 exists for DuckDB, though not for Python."""
    rows = [order("a", created="0001-01-01T00:00:00"), order("b", created="9999-12-31T23:59:59")]
    load(connection, path, begin(connection), rows)
    assert load(connection, path, begin(connection), rows) == BatchCounts(unchanged=2)


def test_odd_text_does_not_break_a_batch(connection: DuckDBPyConnection, path: Path) -> None:
    """NUL characters, half surrogate pairs, bytes that are no UTF-8, line feeds and a megabyte are rows like others."""
    stamp = b'"_synced_at":"2026-03-01T12:00:00Z"'
    rows: list[dict[str, Any] | bytes] = [
        b'{"public_id":"1\\u0000","_raw":"{}",%b}' % stamp,
        b'{"public_id":"2\\ud800","_raw":"{\\"a\\": \\"\\\\ud800\\"}",%b}' % stamp,
        b'{"public_id":"3\\ud83d\\ude00\\\\ud800","_raw":"{}",%b}' % stamp,
        b'{"public_id":"4\xff","_raw":"{}",%b}' % stamp,
        b'{"public_id":\n"5","_raw":"not JSON","extra_data":"[1,","_notes":null,%b}\r\n' % stamp,
        order("6", extra_data='"' + "x" * 1_500_000 + '"'),
        order("7'\"[]{}%;-- é😀"),
    ]
    assert load(connection, path, begin(connection), rows) == BatchCounts(inserted=7)
    assert load(connection, path, begin(connection), rows) == BatchCounts(unchanged=7)
    keys = [row[0] for row in stored(connection)]
    assert keys == ["1\0", "2\ufffd", "3😀\\ud800", "4\ufffd", "5", "6", "7'\"[]{}%;-- é😀"]
    # What DuckDB does not take for JSON is kept whole, as a JSON string.
    kept = stored(connection, "_raw ->> '$', extra_data ->> '$'")
    assert kept[1][0] == '{"a": "\\ud800"}'
    assert kept[4] == ("not JSON", "[1,")


def test_many_large_records_fit_the_memory_limit(connection: DuckDBPyConnection, path: Path) -> None:
    """Thirty records of a megabyte load with the default memory, and so does one of thirty."""
    rows = [order(f"{number:02d}", extra_data='"' + "x" * 1_000_000 + '"') for number in range(30)]
    assert load(connection, path, begin(connection), rows) == BatchCounts(inserted=30)
    huge = order("huge", extra_data='"' + "x" * 30_000_000 + '"')
    assert load(connection, path, begin(connection), [huge]) == BatchCounts(inserted=1)
    assert stored(connection, "length(extra_data)")[-1] == (30_000_002,)


def test_watermark_of_a_summer_day_is_utc(connection: DuckDBPyConnection, path: Path) -> None:
    """Sessions run in UTC, so that stamps with offsets mean the same everywhere."""
    row = {**order("a"), "_synced_at": "2026-07-01T08:00:00-04:00"}
    load(connection, path, begin(connection), [row])
    assert stored(connection, "_synced_at") == [(datetime(2026, 7, 1, 12, tzinfo=UTC),)]

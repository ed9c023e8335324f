"""The rules of history, one by one: what is kept of a row that is replaced, and since when a state holds."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from warehouse_rows import NOON, begin, line
from warehouse_rows import ORDERS as PLAIN

from og_assets.columns import Column, Kind
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.ordergroove.tracked import TRACKED
from og_assets.sync.pull import object_table
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import UnknownSync
from og_assets.warehouse.history import ensure_objects, kept_columns, past_table
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping
from og_assets.warehouse.load import Batch, load_batch
from og_assets.warehouse.progress import BatchCounts, SyncRun
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.warehouse.tables import Table, Versions
from og_assets_tests.places import ON_FILES, place_at

COLUMNS = (*PLAIN.columns, Column("updated", Kind.STAMP, "When it last changed, UTC."))
ORDERS = replace(PLAIN, columns=COLUMNS, versions=Versions(("status", "total"), "updated"))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a warehouse may be made, by a name that the address of a lake can have in it."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def connection(path: Path) -> Iterator[DuckDBPyConnection]:
    """A new warehouse, open; at either place, other than for the tests of files beside these."""
    with open_warehouse(place_at(path)) as connection:
        yield connection


def order(public_id: str, fetched: datetime, updated: datetime | None = None, **values: Any) -> dict[str, Any]:
    """A staged row."""
    row = {"public_id": public_id, "updated": updated and updated.replace(tzinfo=None).isoformat(), **values}
    return {**row, "_synced_at": fetched.isoformat(), "_raw": json.dumps(row, default=str)}


def load(
    connection: DuckDBPyConnection,
    path: Path,
    rows: Iterable[dict[str, Any]],
    *,
    run: SyncRun | None = None,
    table: Table = ORDERS,
    keeping: Keeping = KEEP_FOR_GOOD,
    **begun: Any,
) -> BatchCounts:
    """One pull with one batch."""
    run = run or begin(connection, table.name, run_id=None, **begun)
    ensure_objects(connection, [table])
    with Staging(staging_folder(path), table) as staging:
        staging.write_page(map(line, rows))
        segment = staging.close_segment()
        return load_batch(connection, table, run, Batch(segment=segment, finished=True), keeping=keeping)


def states(connection: DuckDBPyConnection, columns: str = "status, valid_from, valid_to") -> list[tuple[Any, ...]]:
    """Columns of all states, in order."""
    found = connection.execute(
        f"SELECT {columns} FROM history.orders ORDER BY public_id, valid_from, valid_to NULLS LAST, seen_at"
    ).fetchall()
    return [tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in found]


def as_of(connection: DuckDBPyConnection, instant: datetime) -> list[Any]:
    """The statuses of all orders at an instant."""
    return [row[0] for row in connection.execute("SELECT status FROM history.orders_as_of($1)", [instant]).fetchall()]


@pytest.mark.parametrize(
    ("stamps", "since"),
    [
        ({"updated": NOON - HOUR, "created": "2026-01-05T10:00:00"}, NOON - HOUR),
        ({"created": "2026-01-05T10:00:00"}, datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ({}, NOON),
        ({"updated": NOON + HOUR}, NOON),
    ],
    ids=["by its change stamp", "by its creation", "by its fetch", "at most since its fetch"],
)
def test_first_state_holds_since(
    connection: DuckDBPyConnection, path: Path, stamps: dict[str, Any], since: datetime
) -> None:
    """Before that nothing is claimed."""
    load(connection, path, [order("a", NOON, status=1, **stamps)])
    assert states(connection) == [(1, since, None)]
    assert as_of(connection, since) == [1]
    assert as_of(connection, since - timedelta(microseconds=1)) == []


@pytest.mark.parametrize(
    ("updated", "changed"),
    [
        (NOON + HOUR, NOON + HOUR),
        (NOON - DAY, NOON + DAY),
        (NOON + DAY + HOUR, NOON + DAY),
        (None, NOON + DAY),
    ],
    ids=["its stamp", "the fetch: the stamp did not move", "the fetch: the stamp lies after it", "the fetch: no stamp"],
)
def test_change_is_at(connection: DuckDBPyConnection, path: Path, updated: datetime | None, changed: datetime) -> None:
    """The old state ends where the new one begins."""
    load(connection, path, [order("a", NOON, NOON - DAY, status=1)])
    load(connection, path, [order("a", NOON + DAY, updated, status=5)])
    assert states(connection) == [(1, NOON - DAY, changed), (5, changed, None)]
    assert as_of(connection, changed) == [5]
    assert as_of(connection, changed - timedelta(seconds=1)) == [1]


def test_state_without_duration_is_kept_but_never_asked_for(connection: DuckDBPyConnection, path: Path) -> None:
    """Two changes that a clock set back puts at one instant: the later one is what was then."""
    load(connection, path, [order("a", NOON, status=1)])
    load(connection, path, [order("a", NOON - HOUR, status=3)])
    load(connection, path, [order("a", NOON - HOUR, status=5)])
    *ended, last = states(connection)
    assert sorted(ended) == [(1, NOON, NOON), (3, NOON, NOON)]
    assert last == (5, NOON, None)
    assert as_of(connection, NOON) == [5]


def test_unchanged_rows_write_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """A second pull that finds the same leaves history as it was."""
    for days in range(2):
        load(connection, path, [order("a", NOON + days * DAY, NOON, status=1)])
    assert states(connection, "status, seen_at") == [(1, NOON)]


def test_untracked_columns_make_no_state(connection: DuckDBPyConnection, path: Path) -> None:
    """A row that differs in its stamp and in what is not tracked is replaced, and goes on in its state."""
    load(connection, path, [order("a", NOON, NOON, status=1, tries=1)])
    counts = load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=1, tries=2)])
    assert counts.updated == 1
    assert states(connection, "status, valid_from, seen_at") == [(1, NOON, NOON + DAY)]
    assert "tries" not in [column.name for column in past_table(ORDERS).stored_columns]


def test_older_pull_writes_no_history(connection: DuckDBPyConnection, path: Path) -> None:
    """What the load leaves alone, because a later pull wrote there, changes no history either."""
    load(connection, path, [order("a", NOON, status=1)])
    older = begin(connection, run_id=None)
    load(connection, path, [order("a", NOON + HOUR, status=5)])
    load(connection, path, [order("a", NOON + HOUR, status=3)], run=older)
    assert states(connection, "status") == [(1,), (5,)]


def test_backfill_of_past_days_writes_history_like_any_pull(connection: DuckDBPyConnection, path: Path) -> None:
    """A state that it ends is kept, with the bounds of the object's watermark; a second one adds nothing.

    What it had read before a sync that began after it and was quicker is older than what is there, and is left out.
    """
    days = {"mode": "days", "window_start": NOON - 9 * DAY, "window_end": NOON}
    load(connection, path, [order(key, NOON, NOON - DAY, status=1) for key in "abc"])
    connection.execute("INSERT INTO ops.sync_state VALUES ('orders', ?, 1, now())", [NOON])
    backfill = begin(connection, run_id=None, **days)
    load(connection, path, [order("b", NOON + 2 * HOUR, NOON + 2 * HOUR, status=5)], watermark_before=NOON)
    read = [order("a", NOON + HOUR, NOON + HOUR, status=3), order("b", NOON + HOUR, NOON + HOUR, status=3)]
    load(connection, path, read, run=backfill)
    load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=3)], **days)
    assert states(connection, "public_id, status, valid_from, valid_to, changed_after, changed_by") == [
        ("a", 1, NOON - DAY, NOON + HOUR, NOON, NOON + HOUR),
        ("a", 3, NOON + HOUR, None, None, None),
        ("b", 1, NOON - DAY, NOON + 2 * HOUR, NOON, NOON + 2 * HOUR),
        ("b", 5, NOON + 2 * HOUR, None, None, None),
        ("c", 1, NOON - DAY, None, None, None),
    ]


def test_state_of_an_item_holds_since_its_order_changed(connection: DuckDBPyConnection, path: Path) -> None:
    """An item has no change stamp of its own but `order_updated`, which alone makes no state."""
    items = object_table(BY_NAME["items"])
    for hours, quantity in ((0, 1), (1, 1), (2, 3)):
        changed = (NOON + hours * HOUR).replace(tzinfo=None).isoformat()
        row = {"public_id": "i", "order": "a", "quantity": quantity, "order_updated": changed, "_raw": "{}"}
        load(connection, path, [row | {"_synced_at": (NOON + hours * DAY).isoformat()}], table=items)
    sql = "SELECT quantity, valid_from, valid_to FROM history.items ORDER BY valid_from"
    expected = [(1, NOON, NOON + 2 * HOUR), (3, NOON + 2 * HOUR, None)]
    assert connection.execute(sql).fetchall() == expected


def test_end_lies_between_the_watermark_and_the_fetch(connection: DuckDBPyConnection, path: Path) -> None:
    """All changes before the watermark were loaded; a pull without one goes by the object's."""
    load(connection, path, [order("a", NOON, status=1)])
    load(connection, path, [order("a", NOON + DAY, status=3)], watermark_before=NOON - HOUR)
    connection.execute("INSERT INTO ops.sync_state VALUES ('orders', ?, 1, now())", [NOON + HOUR])
    load(connection, path, [order("a", NOON + 2 * DAY, status=5)], mode="sweep")
    assert states(connection, "status, changed_after, changed_by, _sync_id, ended_by") == [
        (1, NOON - HOUR, NOON + DAY, 1, "replaced"),
        (3, NOON + HOUR, NOON + 2 * DAY, 2, "replaced"),
        (5, None, None, 3, None),
    ]


def test_two_states_of_one_batch_are_the_last_one(connection: DuckDBPyConnection, path: Path) -> None:
    """A list that shifts while it is read may hold a record twice."""
    load(connection, path, [order("a", NOON, status=1)])
    load(connection, path, [order("a", NOON + HOUR, status=3), order("a", NOON + HOUR, status=5)])
    assert states(connection, "status") == [(1,), (5,)]


def test_deletion_ends_the_present_state_while_its_tombstone_is_live(
    connection: DuckDBPyConnection, path: Path
) -> None:
    """Nothing is copied, so a lifted tombstone takes its end back."""
    load(connection, path, [order("a", NOON, NOON, status=1)])
    connection.execute(
        "INSERT INTO analytics.deletion_tombstones BY NAME SELECT 'orders' AS object, 'a' AS id, $1 AS deleted_at,"
        " $2 AS deleted_after, $1 AS detected_at, 'sweep' AS source",
        [NOON + DAY, NOON + HOUR],
    )
    columns = "status, valid_to, changed_after, changed_by, ended_by"
    assert states(connection, columns) == [(1, NOON + DAY, NOON + HOUR, NOON + DAY, "deleted")]
    assert (as_of(connection, NOON + HOUR), as_of(connection, NOON + DAY)) == ([1], [])
    connection.execute("UPDATE analytics.deletion_tombstones SET lifted_at = now()")
    assert states(connection, columns) == [(1, None, None, None, None)]


def test_row_that_the_list_leaves_out_ends_there(connection: DuckDBPyConnection, path: Path) -> None:
    """Missing is what a list that is always complete no longer has."""
    table = replace(ORDERS, listed_whole=True)
    load(connection, path, [order("a", NOON, NOON, status=1), order("b", NOON, NOON, status=3)], table=table)
    load(connection, path, [order("b", NOON, NOON, status=3)], table=table, started_at=NOON + DAY)
    assert states(connection, "status, valid_to, ended_by") == [(1, NOON + DAY, "missing"), (3, None, None)]


def test_history_that_is_off_keeps_nothing_and_shows_the_gap(connection: DuckDBPyConnection, path: Path) -> None:
    """What comes after is dated as if it were the first that is known."""
    load(connection, path, [order("a", NOON, NOON, status=1)])
    load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=5)], keeping=Keeping(on=False))
    assert states(connection) == [(5, NOON + HOUR, None)]


@ON_FILES  # it copies one
def test_older_backup_that_is_restored_leaves_a_gap_and_nothing_wrong(
    connection: DuckDBPyConnection, path: Path
) -> None:
    """What was seen since the backup is lost, and nothing else: the former state ends once, where the row says it did.

    The bounds say that it may have changed at any time since the backup's watermark.
    """
    backup = path.with_name("backup.duckdb")
    load(connection, path, [order("a", NOON, NOON, status=1), order("b", NOON, NOON, status=1)])
    connection.execute("CHECKPOINT")
    shutil.copy(path, backup)
    second, third = NOON + HOUR, NOON + 2 * HOUR
    load(connection, path, [order("a", second, second, status=3)], watermark_before=NOON)
    load(connection, path, [order("a", third, third, status=5)], watermark_before=second)
    assert states(connection, "public_id, status") == [("a", 1), ("a", 3), ("a", 5), ("b", 1)]
    with open_warehouse(backup) as restored:
        rows = [order("a", third + HOUR, third, status=5), order("b", third + HOUR, NOON, status=1)]
        for _ in range(2):
            load(restored, path, rows, watermark_before=NOON)
            assert states(restored, "public_id, status, valid_from, valid_to, changed_after, changed_by") == [
                ("a", 1, NOON, third, NOON, third + HOUR),
                ("a", 5, third, None, None, None),
                ("b", 1, NOON, None, None, None),
            ]


def test_states_are_forgotten_some_days_after_their_end(connection: DuckDBPyConnection, path: Path) -> None:
    """Counted from now; the state of now stays however old it is."""
    now = datetime.now(UTC).replace(microsecond=0)
    for days, status in ((40, 1), (20, 3), (5, 5)):
        load(connection, path, [order("a", now - days * DAY, status=status)])
    load(connection, path, [], keeping=Keeping(days=10))
    assert states(connection, "status, valid_to") == [(3, now - 5 * DAY), (5, None)]


def test_pull_that_a_state_names_stays_in_the_log(connection: DuckDBPyConnection, path: Path) -> None:
    """Although it is older than what the log keeps."""
    old = {"started_at": NOON - 1000 * DAY}
    for status in (1, 2, 3):
        load(connection, path, [order("a", NOON + status * HOUR, status=status)], **old)
    load(connection, path, [])
    assert connection.execute("SELECT sync_id FROM ops.sync_runs ORDER BY ALL").fetchall() == [(1,), (2,), (3,), (4,)]


def test_failed_batch_leaves_no_state(connection: DuckDBPyConnection, path: Path) -> None:
    """A state and the row that replaces it are written together or not at all."""
    load(connection, path, [order("a", NOON, NOON, status=1)])
    with pytest.raises(duckdb.ConversionException):
        load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status="what"), order("b", NOON, status=1)])
    with pytest.raises(UnknownSync):
        load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=5)], run=SyncRun(99, "orders"))
    assert states(connection) == [(1, NOON, None)]


def test_table_of_a_release_without_history_is_dated(path: Path) -> None:
    """Rows that are there count as first states; the next change of one is kept."""
    before, place = replace(ORDERS, versions=None), place_at(path)
    with open_warehouse(place) as connection:
        load(connection, path, [order("a", NOON, NOON - HOUR, status=1), order("b", NOON, status=3)], table=before)
    with open_warehouse(place) as connection:
        load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=5)])
        assert states(connection) == [(1, NOON - HOUR, NOON + HOUR), (5, NOON + HOUR, None), (3, NOON, None)]


def test_row_that_was_written_by_hand_stops_no_load(connection: DuckDBPyConnection, path: Path) -> None:
    """Without `_valid_from` it counts from its fetch."""
    load(connection, path, [order("a", NOON, NOON - HOUR, status=1)])
    connection.execute("UPDATE ordergroove.orders SET _valid_from = NULL")
    assert states(connection) == [(1, NOON, None)]
    load(connection, path, [order("a", NOON + DAY, NOON + HOUR, status=5)])
    assert states(connection) == [(1, NOON, NOON + HOUR), (5, NOON + HOUR, None)]


@pytest.mark.parametrize("name", TRACKED)
def test_no_personal_or_secret_value_is_in_history(name: str) -> None:
    """Neither as a column nor inside one; and nothing is left out without being named here."""
    object = next(object for object in OBJECTS if object.name == name)
    columns = {column.name: column for column in object.columns}
    kept = {column.name for column, _ in kept_columns(object_table(object))}
    for column in columns.values():
        if column.personal or column.secret:
            assert column.name not in kept
    left_out = {column.name for column in object.columns if not (column.personal or column.secret)}
    assert left_out - kept == NOT_TRACKED[name]


NOT_TRACKED = {
    "customers": {"merchant", "phone_type", "created", "last_updated", "last_login"},
    "products": {"merchant", "image_url", "detail_url", "premier_enabled", "last_update"},
    "offer_profiles": {"merchant"},
    "subscriptions": {
        "merchant",
        "raw_subscription_type",
        "updated",
        "external_id",
        "prepaid_subscription_context",
        "prepaid_origin_merchant_order_id",
    },
    "orders": {"merchant", "updated", "place", "oos_free_shipping", "has_plan"},
    "items": {"extra_cost", "order_updated", "first_placed"},
}


def test_of_json_only_the_known_members_are_kept(connection: DuckDBPyConnection, path: Path) -> None:
    """And of a shop's message its code."""
    subscriptions = object_table(next(object for object in OBJECTS if object.name == "subscriptions"))
    orders = object_table(next(object for object in OBJECTS if object.name == "orders"))
    parts = [{"public_id": "p", "quantity": 2, "product": "1", "engraving": "For Ann"}]
    trial = {"product": "1", "days": 7, "gift_from": "Ann"}
    rejected = json.dumps({"message": "Ann's card was declined.", "code": "140"})
    for number, fetched in enumerate((NOON, NOON + DAY)):
        common = {"public_id": "a", "_synced_at": fetched.isoformat(), "_raw": "{}"}
        load(
            connection,
            path,
            [
                common
                | {
                    "components": json.dumps(parts),
                    "free_trial_subscription_context": json.dumps(trial),
                    "quantity": number,
                }
            ],
            table=subscriptions,
        )
        load(connection, path, [common | {"rejected_message": rejected, "tries": number}], table=orders)
    kept = connection.execute(
        "SELECT components, free_trial_subscription_context FROM history.subscriptions ORDER BY valid_from"
    ).fetchall()
    assert [[json.loads(value) for value in row] for row in kept] == 2 * [
        [
            [{"public_id": "p", "quantity": 2, "product": "1"}],
            {"product": "1", "days": 7, "conversion_item": None, "expiration": None, "is_in_free_trial": None},
        ]
    ]
    assert connection.execute("SELECT rejected_code FROM history.orders").fetchall() == [("140",), ("140",)]

"""Dropped files in the warehouse: each once, whole or not at all, the later one counts, nothing lost."""

import csv
import gzip
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.errors import DropGone
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING, Masking, PersonalData
from og_assets.sync.drops import DropReport, Drops, take
from og_assets_tests.held_warehouse import HeldWarehouse

FIRST = "acme_orders_06032025040506.csv"
SECOND = "acme_orders_06042025040506.csv"
DAY = date(2025, 6, 2)


class Dropped:
    """A folder of drops, an archive, and a warehouse that they are taken into."""

    def __init__(self, folder: Path, warehouse: HeldWarehouse) -> None:
        self.outgoing = folder / "outgoing"
        self.outgoing.mkdir()
        self.archive = folder / "archive"
        self.warehouse = warehouse
        self.drops = Drops(LocalFolder(self.outgoing), Archive(self.archive), KEEPING, rest=lambda: None)

    def put(self, name: str, text: str | bytes, at: datetime = datetime(2025, 6, 4, 10, tzinfo=UTC)) -> None:
        path = self.outgoing / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (at.timestamp(), at.timestamp()))

    def take(self, report: str = "orders", **options: Any) -> DropReport:
        return take(BY_NAME[report], self.drops, self.warehouse, run_id="run", **options)

    def reopen(self, **options: Any) -> None:
        """The same warehouse under other settings."""
        self.warehouse.close()
        self.warehouse = HeldWarehouse(database=self.warehouse.database, **options)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse.get_connection() as connection:
            return connection.execute(sql).fetchall()

    def state(self) -> list[tuple[Any, ...]]:
        """All of drops.orders but which run wrote it."""
        return self.rows("SELECT * EXCLUDE (_sync_id, _synced_at) FROM drops.orders ORDER BY _file, _line")


@pytest.fixture
def dropped(tmp_path: Path, warehouse: HeldWarehouse) -> Iterator[Dropped]:
    dropped = Dropped(tmp_path, warehouse)
    yield dropped
    dropped.warehouse.close()


def order(number: int, sku: str = "a", subscription: str = "7", more: str = "") -> str:
    return f"{number},{subscription},{sku},06/02/2025{more}\n"


HEADER = "OG Order ID,OG Subscription ID,SKU,Place Date\n"


def test_a_file_is_loaded_once_with_file_line_and_raw(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55) + order(56))
    assert dropped.take().counts.loaded == 2
    assert dropped.rows(
        "SELECT ordergroove_order_id, place_date, _file, _line, _business_day, _file_at, _raw->>'sku' FROM drops.orders"
        " ORDER BY _line"
    ) == [
        ("55", DAY, FIRST, 2, DAY, datetime(2025, 6, 3, 9, 5, 6), "a"),
        ("56", DAY, FIRST, 3, DAY, datetime(2025, 6, 3, 9, 5, 6), "a"),
    ]
    assert dropped.take() == DropReport(rows=2)
    assert dropped.rows(
        "SELECT name, report, business_day, stamp_order, rows, loaded, quarantined, length(sha256), problem"
        " FROM ops.drop_files"
    ) == [(FIRST, "orders", DAY, "month first", 2, 2, 0, 64, None)]


def test_what_is_no_row_is_in_quarantine_with_its_file_and_line(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55) + "56,b\n" + order(57))
    counts = dropped.take().counts
    assert (counts.rows, counts.loaded, counts.quarantined) == (3, 2, 1)
    assert dropped.rows("SELECT object, raw, file, line FROM ops.quarantine") == [("drops.orders", "56,b", FIRST, 3)]
    assert dropped.rows("SELECT records, inserted, quarantined, outcome FROM ops.sync_runs") == [(3, 2, 1, "succeeded")]


def test_a_later_file_replaces_what_an_earlier_one_told_of_a_key(dropped: Dropped) -> None:
    """All lines of it: one that is no longer in the order is gone, another order stays."""
    dropped.put(FIRST, HEADER + order(55, "a") + order(55, "b") + order(56))
    dropped.put(SECOND, HEADER + order(55, "c"))
    assert dropped.take().counts.loaded == 4
    assert dropped.rows("SELECT ordergroove_order_id, sku FROM drops.orders ORDER BY 1") == [("55", "c"), ("56", "a")]


def test_one_time_items_have_no_subscription_and_their_key_all_the_same(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55, "a", "") + order(55, "b", "7"))
    dropped.put(SECOND, HEADER + order(55, "c", ""))
    dropped.take()
    assert dropped.rows("SELECT sku FROM drops.orders ORDER BY 1") == [("b",), ("c",)]


@pytest.mark.parametrize("first", [FIRST, SECOND])
def test_the_order_in_which_files_come_does_not_matter(first: str, dropped: Dropped) -> None:
    files = {FIRST: HEADER + order(55, "old") + order(56), SECOND: HEADER + order(55, "new")}
    dropped.put(first, files.pop(first))
    dropped.take()
    for name, text in files.items():
        dropped.put(name, text)
    dropped.take()
    assert dropped.rows("SELECT ordergroove_order_id, sku FROM drops.orders ORDER BY 1") == [("55", "new"), ("56", "a")]
    assert dropped.rows("SELECT sum(rows), sum(loaded) + sum(overtaken) FROM ops.drop_files") == [(3, 3)]


@pytest.mark.parametrize("first", [FIRST, SECOND])
def test_former_rows_are_in_history_whichever_file_came_first(first: str, dropped: Dropped) -> None:
    """Each until the next file told of its key; read again, they are the same."""
    files = {FIRST: HEADER + order(55, "a") + order(55, "b") + order(56), SECOND: HEADER + order(55, "new")}
    dropped.put(first, files.pop(first))
    dropped.take()
    for name, text in files.items():
        dropped.put(name, text)
    dropped.take()
    later = datetime(2025, 6, 4, 9, 5, 6)
    sql = "SELECT ordergroove_order_id, sku, told_until FROM history.drops_orders ORDER BY ALL"
    told = [("55", "a", later), ("55", "b", later), ("55", "new", None), ("56", "a", None)]
    assert dropped.rows(sql) == told
    dropped.take(days=(DAY, DAY + timedelta(days=1)))
    assert dropped.rows(sql) == told


def test_former_rows_go_so_many_days_after_they_were_replaced(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55, "old"))
    dropped.put(SECOND, HEADER + order(55, "new"))
    dropped.take()
    assert dropped.rows("SELECT sku FROM history.drops_orders ORDER BY 1") == [("new",), ("old",)]
    dropped.reopen(history_days=30)
    dropped.take()
    assert dropped.rows("SELECT sku FROM history.drops_orders") == [("new",)]


def test_history_holds_nothing_of_persons_and_can_be_off(dropped: Dropped) -> None:
    header = "OG Order ID,OG Subscription ID,Email Address\n"
    dropped.reopen(history=False)
    dropped.put(FIRST, header + "55,7,ada@x.org\n")
    dropped.put(SECOND, header + "55,7,ada@x.org\n")
    dropped.take()
    assert dropped.rows("FROM history.drops_orders_past") == []
    columns = dropped.rows("SELECT column_name FROM duckdb_columns() WHERE schema_name = 'history'")
    assert columns
    assert not {name for (name,) in columns} & {"email_address", "first_name", "last_name", "_raw"}


def test_a_changed_file_is_loaded_again_in_its_own_place(dropped: Dropped) -> None:
    """Cut off at first: what of it was no row then is one now, and no longer in quarantine."""
    dropped.put(FIRST, HEADER + order(55) + "56,7")
    dropped.take()
    assert dropped.rows("SELECT count(*) FROM ops.quarantine") == [(1,)]
    dropped.put(FIRST, HEADER + order(55) + order(56), datetime(2025, 6, 4, 11, tzinfo=UTC))
    assert dropped.take().counts.loaded == 2
    assert dropped.rows("SELECT ordergroove_order_id FROM drops.orders ORDER BY 1") == [("55",), ("56",)]
    assert dropped.rows("SELECT count(*) FROM ops.quarantine") == [(0,)]
    assert dropped.rows("SELECT count(*) FROM ops.drop_files") == [(2,)]


def test_of_two_lines_with_one_key_the_last_counts_and_the_other_is_quarantined(dropped: Dropped) -> None:
    header = "Subscription ID,Subscription Status\n"
    dropped.put("acme_subscription_06032025040506.csv", header + "7,Active\n8,Active\n7,Cancelled\n")
    counts = dropped.take("subscriptions").counts
    assert (counts.rows, counts.loaded, counts.quarantined) == (3, 2, 1)
    assert dropped.rows("SELECT subscription_id, subscription_status FROM drops.subscriptions ORDER BY 1") == [
        ("7", "Cancelled"),
        ("8", "Active"),
    ]
    assert dropped.rows("SELECT line, reason FROM ops.quarantine") == [(2, "line 4 of the file tells of the same key")]


def test_a_log_has_no_key_and_keeps_all_its_lines(dropped: Dropped) -> None:
    header = "og_subscription_id,subscription_action_event\n"
    name = "acme_crm_subscriber_events_06032025040506.csv"
    dropped.put(name, header + "7,5\n7,5\n")
    dropped.take("member_activity")
    dropped.put(name, header + "7,5\n7,5\n7,9\n", datetime(2025, 6, 4, 11, tzinfo=UTC))
    dropped.take("member_activity")
    assert dropped.rows("SELECT subscription_action_event FROM drops.member_activity ORDER BY 1") == [(5,), (5,), (9,)]


def test_each_report_takes_its_own_files_and_strangers_are_noted(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55))
    dropped.put("readme.txt", "hello")
    assert dropped.take("subscriptions").rows == 0
    assert dropped.take().rows == 1
    assert dropped.rows("SELECT name, report, problem FROM ops.drop_files ORDER BY 1") == [
        (FIRST, "orders", None),
        ("readme.txt", None, "its name is no report's"),
    ]


def test_a_file_that_grows_waits_until_it_rests(dropped: Dropped, caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(UTC)
    dropped.put(FIRST, HEADER + order(55), now)
    grows = replace(dropped.drops, rest=lambda: dropped.put(FIRST, HEADER + order(55) + order(56), now))
    report = take(BY_NAME["orders"], grows, dropped.warehouse, run_id="run")
    assert (report.waiting, report.rows) == ((FIRST,), 0)
    assert "is still being written" in caplog.text
    assert dropped.take().rows == 2


def test_a_file_that_cannot_be_unpacked_holds_up_no_other(dropped: Dropped) -> None:
    """It is noted, not read again, and taken when it has changed."""
    whole = gzip.compress((HEADER + "".join(order(n) for n in range(200))).encode())
    dropped.put(FIRST, whole[:-30])
    dropped.put(SECOND, HEADER + order(1))
    report = dropped.take()
    assert (report.unreadable, report.rows) == ((FIRST,), 1)
    [(problem,)] = dropped.rows(f"SELECT problem FROM ops.drop_files WHERE name = '{FIRST}'")
    assert FIRST in problem
    assert dropped.take().unreadable == ()
    dropped.put(FIRST, whole, datetime(2025, 6, 4, 11, tzinfo=UTC))
    assert dropped.take().rows == 200


def test_any_text_of_a_cell_is_in_the_table_as_it_stands_in_the_file(dropped: Dropped) -> None:
    """Whatever DuckDB, JSON or a line could take it for."""
    odd = [
        "\0",
        "a\0b",
        "\u2028",
        "\x85",
        "\\",
        '"',
        "\\u0000",
        "\\ud83d",
        "😀",
        "e\u0301",
        "null",
        "NaN",
        "'",
        "{}",
        "[1",
    ]
    odd += ["x" * 100_000, "two\nlines", "two\r\nlines", " ", "\ufffd", "\uffff", "-", "1e5", "\ufeff"]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["OG Order ID", "SKU", "Gift Note"])
    writer.writerows((str(number), text, text) for number, text in enumerate(odd))
    dropped.put(FIRST, file.getvalue())
    assert dropped.take().counts.loaded == len(odd)
    found = dropped.rows("SELECT sku, _raw FROM drops.orders ORDER BY _line")
    assert [sku for sku, _ in found] == odd
    assert [json.loads(raw)["gift_note"] for _, raw in found] == odd


@pytest.mark.parametrize("text", ["", HEADER])
def test_an_empty_file_is_logged(text: str, dropped: Dropped) -> None:
    dropped.put(FIRST, text)
    dropped.take()
    assert dropped.rows("SELECT rows, loaded, problem FROM ops.drop_files") == [(0, 0, None)]


def test_days_are_read_again_from_the_archive(dropped: Dropped) -> None:
    """Where the files are no longer at their source; the end is what it was."""
    dropped.put(FIRST, HEADER + order(55) + order(56))
    dropped.put(SECOND, HEADER + order(55, "new"))
    dropped.take()
    before = dropped.state()
    for file in dropped.outgoing.iterdir():
        file.unlink()
    dropped.rows("DELETE FROM drops.orders")
    assert dropped.take(days=(DAY, DAY + timedelta(days=1))).counts.rows == 3
    assert dropped.state() == before
    assert dropped.take(days=(DAY, DAY)).counts.overtaken == 1
    assert dropped.state() == before


def test_a_day_takes_its_new_files_and_no_others(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55))
    dropped.put(SECOND, HEADER + order(56))
    assert dropped.take(days=(DAY, DAY)).days == (DAY,)
    assert dropped.take().days == (DAY + timedelta(days=1),)


def test_what_is_in_no_place_any_more_is_told(dropped: Dropped) -> None:
    dropped.put(FIRST, HEADER + order(55))
    dropped.take()
    (dropped.outgoing / FIRST).unlink()
    for kept in dropped.archive.rglob("*.gz"):
        kept.unlink()
    with pytest.raises(DropGone, match=FIRST):
        dropped.take(days=(DAY, DAY))
    assert len(dropped.state()) == 1


def test_copies_are_compressed_for_their_owner_and_kept_as_long_as_set(dropped: Dropped) -> None:
    text = HEADER + order(55)
    dropped.put(FIRST, text)
    dropped.take()
    [kept] = [path for path in dropped.archive.rglob("*") if path.is_file()]
    assert gzip.decompress(kept.read_bytes()) == text.encode()
    assert dropped.archive.stat().st_mode & 0o077 == 0
    dropped.drops = replace(dropped.drops, kept=timedelta(days=30))
    dropped.take()
    assert kept.exists()
    long_ago = (datetime.now(UTC) - timedelta(days=31)).timestamp()
    os.utime(kept, (long_ago, long_ago))
    dropped.take()
    assert not kept.exists()


@pytest.mark.parametrize("mode", [PersonalData.HASH, PersonalData.DROP])
def test_nothing_of_a_person_is_written_when_it_is_not_wanted(mode: PersonalData, dropped: Dropped) -> None:
    """Not in tables, quarantine or archive: the copy goes when it is loaded, and days are read again at the source."""
    dropped.drops = replace(
        dropped.drops,
        masking=Masking(mode, b"s" * 32 if mode is PersonalData.HASH else b""),
        archive=Archive(dropped.archive, keeps=False),
    )
    text = "OG Order ID,Email Address,Gift Note\n55,ada@x.org,For Ada\n56,ada@x.org\n"
    dropped.put(FIRST, text)
    assert dropped.take().counts.rows == 2
    dropped.warehouse.close()
    files = [path for path in dropped.outgoing.parent.rglob("*") if path.is_file() and path.parent != dropped.outgoing]
    assert files
    assert not [path for path in files if b"ada@x.org" in path.read_bytes() or b"For Ada" in path.read_bytes()]
    assert dropped.take(days=(DAY, DAY)).counts.rows == 2

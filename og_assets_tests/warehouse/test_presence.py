"""Rows of a list that is always read whole, when two pulls of it overlap: what each saw, and when, decides."""

from datetime import datetime, timedelta
from pathlib import Path

from duckdb import DuckDBPyConnection
from warehouse_rows import NOON, begin, load

from og_assets.columns import Column, Kind
from og_assets.warehouse.progress import SyncRun
from og_assets.warehouse.tables import Table

PAYMENTS = Table(
    "ordergroove",
    "payments",
    ("public_id",),
    (Column("public_id", Kind.TEXT, "Id."), Column("label", Kind.TEXT, "Text.")),
    "Payments.",
    listed_whole=True,
)
MINUTE = timedelta(minutes=1)


class Lists:
    """Pulls of the payments that may overlap; each begins at a minute of its own."""

    def __init__(self, connection: DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def begin(self, minute: int) -> SyncRun:
        """A pull begins."""
        return begin(self.connection, "payments", run_id=str(minute), started_at=at(minute))

    def page(self, run: SyncRun, minute: int, ids: str, *, ends: bool = False, label: str = "") -> None:
        """A page of that minute is loaded, one payment per letter."""
        rows = [
            {"public_id": id, "label": label, "_synced_at": at(minute).isoformat(), "_raw": "{}", "_notes": None}
            for id in ids
        ]
        load(self.connection, self.path, run, rows, table=PAYMENTS, finished=ends)

    def missing(self) -> str:
        """The payments that are marked."""
        rows = self.connection.execute("SELECT public_id FROM ordergroove.payments WHERE is_missing ORDER BY ALL")
        return "".join(id for (id,) in rows.fetchall())


def at(minute: int) -> datetime:
    """An instant of the afternoon."""
    return NOON + minute * MINUTE


def first_list(connection: DuckDBPyConnection, path: Path) -> Lists:
    """Payments a to f are there."""
    lists = Lists(connection, path)
    lists.page(lists.begin(0), 0, "abcdef", ends=True)
    return lists


def test_a_pull_that_was_overtaken_marks_nothing(connection: DuckDBPyConnection, path: Path) -> None:
    """The later one ends first, with all rows; the earlier one's were seen too, half of them before that."""
    lists = first_list(connection, path)
    earlier, later = lists.begin(1), lists.begin(3)
    lists.page(earlier, 2, "abc")
    lists.page(later, 4, "abcdef", ends=True)
    lists.page(earlier, 5, "def", ends=True)
    assert lists.missing() == ""
    assert connection.execute("FROM ops.seen_keys").fetchall() == []


def test_what_the_later_list_left_out_is_marked_though_the_earlier_one_saw_it(
    connection: DuckDBPyConnection, path: Path
) -> None:
    """It was seen before the later pull began, and is loaded after that pull ended: unchanged, changed, or both."""
    lists = first_list(connection, path)
    earlier, later = lists.begin(1), lists.begin(3)
    lists.page(later, 4, "abcd", ends=True)
    assert lists.missing() == "ef"
    lists.page(earlier, 2, "abcde")
    lists.page(earlier, 2, "f", ends=True, label="changed")
    assert lists.missing() == "ef"
    lists.page(lists.begin(6), 6, "abcdef", ends=True)
    assert lists.missing() == ""


def test_what_the_earlier_pull_met_after_the_later_one_began_is_there(
    connection: DuckDBPyConnection, path: Path
) -> None:
    """It came when the later list had passed its place."""
    lists = first_list(connection, path)
    earlier, later = lists.begin(1), lists.begin(3)
    lists.page(earlier, 5, "abcdefg")
    lists.page(later, 4, "abcdef", ends=True)
    lists.page(earlier, 5, "", ends=True)
    assert lists.missing() == ""


def test_what_the_later_pull_has_seen_is_not_marked_by_the_earlier_one(
    connection: DuckDBPyConnection, path: Path
) -> None:
    """The earlier one ends first; what was missing is shown again meanwhile, unchanged."""
    lists = first_list(connection, path)
    lists.page(lists.begin(1), 1, "abcde", ends=True)
    assert lists.missing() == "f"
    earlier, later = lists.begin(2), lists.begin(3)
    lists.page(later, 4, "abcf")
    lists.page(earlier, 5, "abcde", ends=True)
    assert lists.missing() == ""
    lists.page(later, 6, "de", ends=True)
    assert lists.missing() == ""

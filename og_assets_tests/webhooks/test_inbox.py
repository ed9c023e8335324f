"""The inbox: each event once, in order, on the disk, or an error that says what is wrong."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from webhook_receivers import NOON, contents, ids

from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox, InboxEvent

STORE_MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from og_assets.webhooks.inbox import Inbox, InboxEvent
inbox = Inbox(Path(sys.argv[1]), busy_timeout=20)
new = [inbox.store(InboxEvent(f"evt-{n}", None, None, datetime.now(UTC), b"{}")) for n in range(int(sys.argv[2]))]
print(sum(new))
"""


def event(event_id: str, received_at: datetime = NOON, body: bytes = b"{}") -> InboxEvent:
    """An event of that id."""
    return InboxEvent(event_id, "order.delete", 1735689600, received_at, body)


def test_an_event_comes_back_as_it_was_stored(inbox: Inbox) -> None:
    """Bytes stay bytes, and the instant is told in UTC."""
    chicago = timezone(timedelta(hours=-5))
    told = InboxEvent("evt\0 Ü", None, None, datetime(2025, 6, 3, 7, 0, 0, 5, tzinfo=chicago), b"\xff\0 not json")
    assert inbox.store(told)
    (stored,) = contents(inbox)
    assert stored == told
    assert stored.received_at.tzinfo is UTC


def test_the_same_id_is_stored_once_and_keeps_its_first_body(inbox: Inbox) -> None:
    """Within a batch, too."""
    assert inbox.store(event("a", body=b"first"))
    assert not inbox.store(event("a", body=b"second"))
    assert inbox.store_all([event("b"), event("a"), event("b"), event("c")]) == [True, False, False, True]
    assert [(stored.id, stored.body) for stored in contents(inbox)] == [("a", b"first"), ("b", b"{}"), ("c", b"{}")]


def test_a_batch_is_stored_whole_or_not_at_all(inbox: Inbox) -> None:
    """An event that no SQLite can hold takes the batch with it, and the inbox goes on."""
    broken = InboxEvent("b", None, 2**70, NOON, b"")
    with pytest.raises(OverflowError):
        inbox.store_all([event("a"), broken])
    assert inbox.store(event("c"))
    assert ids(inbox) == ["c"]


def test_positions_are_given_in_order_and_never_again(inbox: Inbox) -> None:
    """A reader that remembers the last position misses nothing, also when all was trimmed meanwhile."""
    inbox.store_all([event(name) for name in "abc"])
    assert [(position, stored.id) for position, stored in inbox.after(1, 1)] == [(2, "b")]
    assert inbox.highest() == 3
    assert inbox.trim(3, NOON + timedelta(days=1)) == 3
    assert (inbox.highest(), inbox.after(0)) == (0, [])
    inbox.close()
    inbox.store(event("d"))
    assert inbox.highest() > 3


def test_a_duplicate_does_not_raise_the_highest_position(inbox: Inbox) -> None:
    """So that nothing is started for it."""
    inbox.store_all([event("a"), event("b")])
    inbox.store_all([event("a"), event("b")])
    assert inbox.highest() == 2


def test_trim_keeps_what_is_younger_or_not_read_yet(inbox: Inbox) -> None:
    """Both bounds hold."""
    inbox.store_all([event("old"), event("young", NOON + timedelta(hours=1)), event("old too"), event("unread")])
    assert inbox.trim(3, NOON + timedelta(microseconds=1)) == 2
    assert ids(inbox) == ["young", "unread"]


def test_reading_makes_no_inbox(inbox: Inbox) -> None:
    """Before the first webhook there is nothing to see, and looking leaves no file."""
    assert (inbox.highest(), inbox.identity(), inbox.after(0), inbox.trim(9, NOON)) == (0, None, [], 0)
    assert not inbox.path.parent.exists()


def test_the_identity_is_kept_for_life_and_is_the_file_s_own(inbox: Inbox, tmp_path: Path) -> None:
    """A position of another inbox can be told by it."""
    inbox.open()
    other = Inbox(tmp_path / "other.sqlite")
    other.open()
    identity = inbox.identity()
    assert identity is not None
    assert identity != other.identity()
    inbox.close()
    assert Inbox(inbox.path).identity() == identity
    other.close()


def test_a_commit_is_flushed_before_it_is_reported(inbox: Inbox, inbox_path: Path) -> None:
    """WAL with synchronous FULL: the promise that an acknowledged event survives a power cut."""
    inbox.store(event("a"))
    assert inbox._connection is not None
    assert inbox._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with sqlite3.connect(inbox_path) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    reader.close()


def test_a_probe_writes_no_event(inbox: Inbox) -> None:
    """Nor does it use up a position."""
    inbox.probe()
    inbox.store(event("a"))
    inbox.probe()
    assert inbox.highest() == 1
    assert ids(inbox) == ["a"]


def test_six_processes_that_make_and_fill_one_inbox_store_each_event_once(inbox: Inbox, inbox_path: Path) -> None:
    """All start on a missing file."""
    processes = [
        subprocess.Popen([sys.executable, "-c", STORE_MANY, str(inbox_path), "100"], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    stored = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(stored) == 100
    assert sorted(ids(inbox)) == sorted(f"evt-{number}" for number in range(100))


def test_a_locked_inbox_is_told_after_the_busy_timeout(inbox: Inbox, inbox_path: Path) -> None:
    """And works when the lock is gone."""
    inbox.store(event("a"))
    impatient = Inbox(inbox_path, busy_timeout=0.05)
    with sqlite3.connect(inbox_path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InboxError, match="locked"):
            impatient.store(event("b"))
        with pytest.raises(InboxError, match="locked"):
            impatient.probe()
        assert impatient.highest() == 1
        other.execute("ROLLBACK")
    other.close()
    assert impatient.store(event("b"))
    impatient.close()


def test_a_file_that_was_replaced_is_told_and_the_new_one_is_used(inbox: Inbox, inbox_path: Path) -> None:
    """Without the check, events would be stored in a file that nobody can reach any more."""
    inbox.store(event("a"))
    for file in inbox_path.parent.iterdir():
        file.unlink()
    with pytest.raises(InboxError):
        inbox.store(event("b"))
    assert inbox.store(event("b"))
    assert ids(Inbox(inbox_path)) == ["b"]


@pytest.mark.parametrize("content", [b"no database at all, and longer than a header" * 10, b"SQLite format 3\0" * 300])
def test_a_damaged_file_is_told_and_left_alone(inbox: Inbox, inbox_path: Path, content: bytes) -> None:
    """The message names the file, the setting and what to do."""
    inbox_path.parent.mkdir()
    inbox_path.write_bytes(content)
    with pytest.raises(InboxError, match="ORDERGROOVE_WEBHOOK_INBOX") as caught:
        inbox.store(event("a"))
    assert str(inbox_path) in str(caught.value)
    assert inbox_path.read_bytes() == content


def test_another_program_s_database_is_refused(inbox: Inbox, inbox_path: Path) -> None:
    """Nothing is written into it."""
    inbox_path.parent.mkdir()
    with sqlite3.connect(inbox_path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = inbox_path.read_bytes()
    with pytest.raises(InboxError, match="another program"):
        inbox.open()
    assert inbox_path.read_bytes() == before


def test_an_inbox_of_a_newer_release_is_refused(inbox: Inbox, inbox_path: Path) -> None:
    """It may hold more than this release understands."""
    inbox.open()
    inbox.close()
    with sqlite3.connect(inbox_path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(InboxError, match="newer og_assets"):
        inbox.open()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """So is a path that is a folder itself."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "inbox.sqlite", tmp_path):
        with pytest.raises(InboxError):
            Inbox(path).open()

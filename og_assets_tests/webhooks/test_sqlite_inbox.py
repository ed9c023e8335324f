"""The inbox in a SQLite file: flushed at each commit, and an error where a file is not what it should be."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from webhook_receivers import event, ids

from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.sqlite_inbox import SqliteStore


@pytest.fixture
def inbox(inbox_path: Path) -> Iterator[Inbox]:
    """The inbox as another process sees it."""
    inbox = Inbox(inbox_path)
    yield inbox
    inbox.close()


def test_a_commit_is_flushed_before_it_is_reported(inbox: Inbox, inbox_path: Path) -> None:
    """WAL with synchronous FULL: the promise that an acknowledged event survives a power cut."""
    inbox.store(event("a"))
    assert isinstance(inbox._store, SqliteStore)
    assert inbox._store.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with sqlite3.connect(inbox_path) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    reader.close()


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

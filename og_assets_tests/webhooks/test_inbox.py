"""The inbox: each event once, in order, on the disk, or an error that says what is wrong."""

import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from webhook_receivers import NOON, contents, event, ids

from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets.webhooks.postgres_inbox import PostgresPlace

STORE_MANY = """
import pickle, sys
from datetime import UTC, datetime
from og_assets.webhooks.inbox import Inbox, InboxEvent
inbox = Inbox(pickle.loads(bytes.fromhex(sys.argv[1])), busy_timeout=20)
new = [inbox.store(InboxEvent(f"evt-{n}", None, None, datetime.now(UTC), b"{}")) for n in range(int(sys.argv[2]))]
print(sum(new))
"""


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
    """An event that no database can hold takes the batch with it, and the inbox goes on."""
    broken = InboxEvent("b", None, 2**70, NOON, b"")
    with pytest.raises((OverflowError, InboxError)):
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
    """Before the first webhook there is nothing to see, and looking makes none."""
    assert (inbox.highest(), inbox.identity(), inbox.after(0), inbox.trim(9, NOON)) == (0, None, [], 0)
    assert inbox.identity() is None


def test_the_identity_is_kept_for_life_and_is_the_inbox_s_own(inbox: Inbox, tmp_path: Path) -> None:
    """A position of another inbox can be told by it."""
    inbox.open()
    other = Inbox(tmp_path / "other.sqlite")
    other.open()
    identity = inbox.identity()
    assert identity is not None
    assert identity != other.identity()
    inbox.close()
    assert Inbox(inbox.place).identity() == identity
    other.close()


def test_a_probe_writes_no_event(inbox: Inbox) -> None:
    """Nor does it use up a position."""
    inbox.probe()
    inbox.store(event("a"))
    inbox.probe()
    assert inbox.highest() == 1
    assert ids(inbox) == ["a"]


def test_six_processes_that_make_and_fill_one_inbox_store_each_event_once(inbox: Inbox) -> None:
    """All start on a missing inbox."""
    place = pickle.dumps(inbox.place).hex()
    processes = [
        subprocess.Popen([sys.executable, "-c", STORE_MANY, place, "100"], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    stored = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(stored) == 100
    assert sorted(ids(inbox)) == sorted(f"evt-{number}" for number in range(100))


def test_without_the_extra_for_lakes_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only thing that misses it."""
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(InboxError, match=r"og-assets\[lake\]"):
        Inbox(PostgresPlace("host=db", "acme")).highest()

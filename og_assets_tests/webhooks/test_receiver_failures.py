"""When the inbox cannot be written: 503, so that Ordergroove sends again, and no event counted as stored."""

import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from webhook_receivers import KEY, ReceiverProcess, ThreadedReceiver, envelope, ids, post

from og_assets.ordergroove.masking import KEEPING
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets.webhooks.receiver import Reception, create_app

OF_FILES = pytest.mark.parametrize("inbox_place", ["file"], indirect=True)


def answers(client: httpx.Client, event_id: str) -> tuple[int, int]:
    """The statuses of posting an event and of asking for health."""
    return post(client, envelope(event_id)), client.get("/healthz").status_code


@OF_FILES
def test_a_locked_inbox_is_503_until_it_is_let_go(client: httpx.Client, inbox: Inbox, inbox_path: Path) -> None:
    """Another program that keeps it locked is told after a short wait."""
    assert answers(client, "a") == (200, 200)
    other = sqlite3.connect(inbox_path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert answers(client, "b") == (503, 503)
    other.execute("ROLLBACK")
    other.close()
    assert answers(client, "c") == (200, 200)
    assert ids(inbox) == ["a", "c"]


@OF_FILES
def test_an_inbox_that_became_a_folder_is_503_until_it_is_gone(client: httpx.Client, inbox_path: Path) -> None:
    """The file that was open before takes no event into the void; a new file is made."""
    assert answers(client, "a") == (200, 200)
    for file in inbox_path.parent.iterdir():
        file.unlink()
    inbox_path.mkdir()
    assert answers(client, "b") == (503, 503)
    assert post(client, b"{") == 400
    inbox_path.rmdir()
    assert answers(client, "c") == (200, 200)
    assert ids(Inbox(inbox_path)) == ["c"]


@OF_FILES
def test_a_damaged_inbox_is_503(client: httpx.Client, inbox_path: Path) -> None:
    """It is not overwritten."""
    inbox_path.parent.mkdir(exist_ok=True)
    inbox_path.write_bytes(b"no database" * 100)
    assert answers(client, "a") == (503, 503)
    assert inbox_path.read_bytes() == b"no database" * 100


def test_what_nobody_foresaw_is_503_and_does_not_stop_the_receiver(
    inbox_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its message might quote what was sent, so the log has its place alone."""

    class Faulty(Inbox):
        broken = True

        def store_all(self, events: object) -> list[bool]:
            if self.broken:
                raise LookupError("zoe@example.com")
            return super().store_all(events)  # type: ignore[arg-type]

    faulty = Faulty(inbox_path)
    with (
        ThreadedReceiver(create_app({"": Reception(faulty, [KEY], masking=KEEPING)})) as receiver,
        httpx.Client(base_url=receiver.url) as client,
    ):
        assert post(client, envelope("a")) == 503
        faulty.broken = False
        assert post(client, envelope("a")) == 200
    assert "LookupError at " in caplog.text
    assert "zoe" not in caplog.text


@OF_FILES
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux to limit the file size of another process")
def test_a_full_disk_is_503_and_what_was_acknowledged_before_is_kept(
    start_receiver: Callable[[], ReceiverProcess], inbox: Inbox
) -> None:
    """Files that may not grow stand for the full disk; with room again, the same receiver goes on."""
    receiver = start_receiver()
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (150_000, unlimited))
    acknowledged, refused_in_a_row = [], 0
    with httpx.Client(base_url=receiver.url) as client:
        for number in range(500):
            status = post(client, envelope(f"evt-{number}", padding="x" * 5000))
            refused_in_a_row = 0 if status == 200 else refused_in_a_row + 1
            assert status in {200, 503}
            if status == 200:
                acknowledged.append(f"evt-{number}")
            if refused_in_a_row == 10:
                break
        assert refused_in_a_row == 10
        assert client.get("/healthz").status_code == 503
        assert client.post("/", content=b"").status_code == 401
        resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        assert answers(client, "after") == (200, 200)
    assert len(acknowledged) > 5
    assert set(acknowledged) <= set(ids(inbox))
    assert len(ids(inbox)) == len(set(ids(inbox)))


def test_the_inbox_works_with_the_receiver_as_with_anyone_else(client: httpx.Client, inbox: Inbox) -> None:
    """Reading, trimming and storing go on beside it."""
    assert post(client, envelope("a")) == 200
    ((position, event),) = inbox.after(0)
    assert inbox.store(InboxEvent("b", None, None, event.received_at, b"{}"))
    assert inbox.trim(position, event.received_at.replace(year=9998)) == 1
    assert post(client, envelope("c")) == 200
    assert ids(inbox) == ["b", "c"]

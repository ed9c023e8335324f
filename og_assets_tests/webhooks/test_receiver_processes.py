"""Receivers as processes: stopped, killed under load, several at a time; what got a 2xx is in the inbox once."""

import socket
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from webhook_receivers import KEY, Happenings, ReceiverProcess, ThreadedReceiver, contents, envelope, ids, post

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.sender import WebhookSender
from og_assets.errors import SettingError
from og_assets.merchants import Merchant
from og_assets.ordergroove.masking import KEEPING
from og_assets.settings import Settings
from og_assets.sync.ingest import ingest
from og_assets.webhooks.errors import InboxError, ListenError
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app
from og_assets.webhooks.serve import reception_of, serve
from og_assets_tests.load import SOAK

StartReceiver = Callable[[], ReceiverProcess]
EVENTS, CONNECTIONS = (20_000, 50) if SOAK else (2_000, 20)
"""In full as many as a busy day of a large merchant."""


class Assassin:
    """Kills a receiver with SIGKILL each time so many events more were acknowledged, and starts it again."""

    def __init__(self, receiver: ReceiverProcess, every: int, times: int) -> None:
        self.kills = 0
        self._receiver = receiver
        self._every = every
        self._times = times
        self._acknowledged = 0
        self._guard = threading.Lock()

    def watch(self, _: str, status: int | None) -> None:
        """Told of each try."""
        with self._guard:
            self._acknowledged += status == 200
            strike = self.kills < self._times and self._acknowledged >= self._every * (self.kills + 1)
            self.kills += strike
            if strike:
                self._receiver.kill()
        if strike:
            self._receiver.restart()


@pytest.mark.soak
def test_killed_three_times_under_load_what_got_a_2xx_is_in_the_warehouse_exactly_once(
    start_receiver: StartReceiver, inbox: Inbox, warehouse: WarehouseResource
) -> None:
    """With no more tries than Ordergroove promises at least; moved into DuckDB twice, as a killed run would."""
    receiver = start_receiver()
    assassin = Assassin(receiver, every=EVENTS // 5, times=3)
    happenings = Happenings().add(EVENTS)
    sender = WebhookSender(happenings, receiver.url, KEY, connections=CONNECTIONS, on_try=assassin.watch)
    report = sender.drain()
    assert assassin.kills == 3
    assert report.answers["none"] > 0
    assert set(report.answers) == {"200", "none"}
    stored = Counter(ids(inbox))
    assert set(report.acknowledged) <= set(stored)
    assert set(stored.values()) == {1}
    assert not report.failed
    assert stored.keys() == {event.id for event in happenings.events}
    assert all(len(event.body) > 700 for event in contents(inbox))
    assert ingest(inbox, warehouse, run_id="first", masking=KEEPING).new == EVENTS
    with warehouse.get_connection() as connection:
        connection.execute("DELETE FROM ops.inbox_state")
    assert ingest(inbox, warehouse, run_id="again", masking=KEEPING).new == 0
    with warehouse.get_connection(read_only=True) as connection:
        in_duckdb = Counter(id for (id,) in connection.execute("SELECT event_id FROM ordergroove.events").fetchall())
    assert in_duckdb == stored


def test_two_receivers_that_get_the_same_events_store_each_once(start_receiver: StartReceiver, inbox: Inbox) -> None:
    """Both acknowledge all of them; one of the two starts on a missing inbox."""
    happenings = Happenings().add(500)
    senders = [WebhookSender(happenings, start_receiver().url, KEY, connections=5) for _ in range(2)]
    threads = [threading.Thread(target=sender.drain) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for sender in senders:
        assert sender.report.answers == {"200": 500}
    assert sorted(ids(inbox)) == sorted(event.id for event in happenings.events)


def test_under_load_every_answer_comes_before_the_sender_gives_up(inbox: Inbox) -> None:
    """The sender waits five seconds, as Ordergroove does, and counts what comes later as no answer."""
    with ThreadedReceiver(create_app({"": Reception(Inbox(inbox.place), [KEY], masking=KEEPING)})) as receiver:
        report = WebhookSender(Happenings().add(1000), receiver.url, KEY, connections=20).drain()
    assert report.answers == {"200": 1000}
    assert inbox.highest() == 1000


def test_sigterm_ends_it_in_peace(start_receiver: StartReceiver, inbox: Inbox) -> None:
    """Status 0, and what was stored is there."""
    receiver = start_receiver()
    with httpx.Client(base_url=receiver.url) as client:
        assert post(client, envelope("a")) == 200
        assert client.get("/healthz").text == "ok"
        assert receiver.terminate() == 0
    assert ids(inbox) == ["a"]
    receiver.restart()
    with httpx.Client(base_url=receiver.url) as client:
        assert post(client, envelope("a")) == 200
        assert post(client, envelope("b")) == 200
    assert ids(inbox) == ["a", "b"]


@pytest.mark.parametrize("keys", [[], [""], ["schlüssel"]])
def test_without_usable_keys_it_does_not_start(inbox_path: Path, keys: list[str]) -> None:
    """The message names the setting and quotes no key; no inbox is made."""
    with pytest.raises(SettingError, match="ORDERGROOVE_WEBHOOK_KEYS") as caught:
        variables = {"ORDERGROOVE_WEBHOOK_KEYS": ",".join(keys), "ORDERGROOVE_WEBHOOK_INBOX": str(inbox_path)}
        reception_of(Merchant(Settings.from_environment(variables)))
    assert "schl" not in str(caught.value)
    assert not inbox_path.parent.exists()


def test_a_taken_port_is_told(inbox_path: Path) -> None:
    """With the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"port {port}"):
            serve("127.0.0.1", port, {"": Reception(Inbox(inbox_path), [KEY], KEEPING)})


def test_an_inbox_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    """Before anything listens."""
    with pytest.raises(InboxError):
        serve("127.0.0.1", 0, {"": Reception(Inbox(tmp_path), [KEY], KEEPING)})

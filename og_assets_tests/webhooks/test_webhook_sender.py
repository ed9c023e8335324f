"""The emulator's sender: signs, retries and disturbs as Ordergroove may."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from webhook_receivers import KEY, Happenings, ThreadedReceiver, contents, ids

from og_assets.emulator import World
from og_assets.emulator.sender import FIVE_TRIES, TEN_HOURS, THREE_DAYS, Delivery, WebhookSender
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.signature import Signature
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app


class Target(ThreadingHTTPServer):
    """Answers with the statuses it was given, then with 204; keeps what it got."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[tuple[str, bytes, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook?route=1"

    def signatures(self) -> list[Signature]:
        """The signature of each request, in order."""
        return [Signature.parse(headers["Ordergroove-Signature"]) for _, _, headers in self.requests]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        target: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target.requests.append((self.path, body, dict(self.headers)))
        self.send_response(target.statuses.pop(0) if target.statuses else 204)
        self.send_header("Content-Length", "0")
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def target() -> Iterator[Target]:
    """A target that is listening."""
    with Target() as target:
        thread = threading.Thread(target=target.serve_forever, args=(0.01,))
        thread.start()
        yield target
        target.shutdown()
        thread.join()


def test_the_promises_of_the_documents_are_kept() -> None:
    """Five tries; sixty in nine to ten hours; three days."""
    assert len(FIVE_TRIES) + 1 == 5
    assert len(TEN_HOURS) + 1 == 60
    assert 9 * 3600 <= sum(TEN_HOURS) <= 10 * 3600
    assert 2 * 86400 < sum(THREE_DAYS) <= 3 * 86400


def test_an_event_is_posted_as_signed_json(target: Target) -> None:
    """With the time of transmission."""
    happenings = Happenings().add(1)
    report = WebhookSender(happenings, target.url, KEY).drain()
    ((path, body, headers),) = target.requests
    verified = Signature.parse(headers["Ordergroove-Signature"]).verify(body, [KEY])
    assert (path, verified.timestamp) == ("/hook?route=1", happenings.epoch)
    assert body.startswith(b'{"id":"evt-0","type":"order.create","created":1748952000,"data":{"object":')
    assert "Zoë".encode() in body
    assert report.acknowledged == {"evt-0": 1}


def test_a_try_that_failed_is_made_again_with_a_new_signature(target: Target) -> None:
    """Any 2xx ends it; a redirect is no 2xx and is not followed."""
    target.statuses = [500, 302, 404, 503, 201]
    happenings = Happenings().add(1)
    waits: list[float] = []
    report = WebhookSender(happenings, target.url, KEY).drain(waits.append)
    assert waits == list(FIVE_TRIES)
    assert report.answers == {"500": 1, "302": 1, "404": 1, "503": 1, "201": 1}
    assert report.acknowledged == {"evt-0": 1}
    sent = [int(signature.timestamp) - happenings.epoch for signature in target.signatures()]
    assert sent == [0, 60, 240, 840, 1440]


def test_after_the_last_try_an_event_is_given_up(target: Target) -> None:
    """A receiver that is down for longer loses events."""
    target.statuses = [500] * 3
    sender = WebhookSender(Happenings().add(2), target.url, KEY, retries=[1])
    report = sender.drain()
    assert report.failed == {"evt-0"}
    assert report.acknowledged == {"evt-1": 1}
    assert sender.pending == 0


def test_no_answer_is_a_failed_try(target: Target) -> None:
    """Nobody listens."""
    target.server_close()
    report = WebhookSender(Happenings().add(1), target.url, KEY, retries=[1, 1]).drain()
    assert (report.answers, report.failed) == ({"none": 3}, {"evt-0"})


def test_in_order_over_one_connection(target: Target) -> None:
    """Unless it is told to shuffle, which the seed repeats."""
    happenings = Happenings().add(30)

    def order(delivery: Delivery) -> list[str]:
        target.requests.clear()
        WebhookSender(happenings, target.url, KEY, delivery=delivery).drain()
        return [json.loads(body)["id"] for _, body, _ in target.requests]

    straight = order(Delivery())
    assert straight == [event.id for event in happenings.events]
    shuffled = order(Delivery(shuffled=True, seed=1))
    assert shuffled != straight
    assert sorted(shuffled) == sorted(straight)
    assert order(Delivery(shuffled=True, seed=1)) == shuffled
    assert order(Delivery(shuffled=True, seed=2)) != shuffled


def test_events_are_lost_doubled_and_delayed_by_shares(target: Target) -> None:
    """Those that are due come now, the others when the clock is there."""
    happenings = Happenings().add(400)
    delivery = Delivery(lost=0.3, duplicated=0.5, delayed=0.5, longest_delay=timedelta(hours=2), seed=3)
    sender = WebhookSender(happenings, target.url, KEY, delivery=delivery)
    report = sender.send_due()
    assert 80 < len(report.lost) < 160
    assert sender.pending > 100
    happenings.epoch += 7200
    sender.send_due()
    assert sender.pending == 0
    assert report.acknowledged.keys() == {event.id for event in happenings.events} - report.lost
    assert set(report.acknowledged.values()) == {1, 2}


def test_a_new_key_signs_beside_the_old_one_for_a_day(target: Target) -> None:
    """Another new one within the day does not make the old one last longer."""
    happenings = Happenings().add(1)
    sender = WebhookSender(happenings, target.url, "first")
    sender.send_due()
    for hours, key in ((0, "second"), (23, "third"), (1, None)):
        happenings.epoch += hours * 3600
        if key:
            sender.rotate(key)
        happenings.add(1)
        sender.send_due()
    bodies = [body for _, body, _ in target.requests]
    for signature, body, keys in zip(
        target.signatures(), bodies, (["first"], ["second", "first"], ["third", "first"], ["third"]), strict=True
    ):
        assert len(signature.digests) == len(keys)
        for key in keys:
            signature.verify(body, [key])


def test_waiting_may_advance_the_world(target: Target) -> None:
    """Then the sender's clock stays the world's."""
    target.statuses = [500, 500]
    world = World(7, customers=20)
    world.simulate_day()
    sender = WebhookSender(world, target.url, KEY)
    sender.drain(lambda seconds: world.advance(timedelta(seconds=seconds)))
    assert sender.now == world.epoch
    assert set(sender.report.acknowledged) == {event.id for event in world.events}


def test_a_world_s_events_arrive_in_the_inbox_but_for_the_lost_ones(inbox: Inbox) -> None:
    """Doubled, delayed by hours and shuffled, each is there once, with the body that was sent."""
    world = World(7, customers=40)
    for _ in range(3):
        world.simulate_day()
    delivery = Delivery(lost=0.3, duplicated=0.3, delayed=0.5, shuffled=True)
    with ThreadedReceiver(create_app({"": Reception(Inbox(inbox.place), [KEY], masking=KEEPING)})) as receiver:
        sender = WebhookSender(world, receiver.url, KEY, delivery=delivery, connections=4)
        report = sender.drain()
        assert httpx.get(f"{receiver.url}/healthz").status_code == 200
    told = {event.id: event for event in world.events}
    assert sorted(ids(inbox)) == sorted(told.keys() - report.lost)
    for event in contents(inbox):
        assert (event.type, event.created) == (told[event.id].type, int(told[event.id].at.timestamp()))

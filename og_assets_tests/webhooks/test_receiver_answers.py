"""What the receiver answers to what it is sent, over real HTTP."""

import logging
import socket
from collections.abc import Iterator

import httpx
import pytest
from webhook_receivers import KEY, ThreadedReceiver, contents, envelope, ids, post, signed

from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.signature import SIGNATURE_HEADER
from og_assets.webhooks import receiver as receiver_module
from og_assets.webhooks.envelope import Envelope, read_envelope
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app

NO_EVENTS = [
    b"", b"{", b"[]", b"null", b'"text"', b"1", b"{}", b'{"id": null}', b'{"id": ""}', b'{"id": " "}', b'{"id": []}',
    b'{"id": true}', b'{"id": 1.5}', b'{"id": 1e999}', b'{"id": "a", "x": [}', b'{"id": "a", "x": "}',
    b'\xef\xbb\xbf{"id": "a"}', '{"id": "a"}'.encode("utf-16"), b'{"id": "a"} {"id": "b"}', b"[" * 90_000,
]  # fmt: skip
ODD_EVENTS = {
    "too large": b'{"id": "too large", "total": 1e400}',
    "half": b'{"id": "half", "note": "\\ud83d"}',
    "no JSON": b'{"id": "no JSON", "n": NaN, "tab": "\t"}',
    "no UTF-8": b'{"id": "no UTF-8", "name": "Zo\xeb"}',
    "deep": b'{"id": "deep", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "\\ud800": b'{"id": "\\ud800"}',
    "9" * 2000: b'{"id": ' + b"9" * 2000 + b"}",
}


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks?route=7"])
def test_a_signed_event_is_stored_as_it_was_sent(client: httpx.Client, inbox: Inbox, path: str) -> None:
    """Byte for byte, with what tells it from others beside it."""
    body = b'{ "created":1735689600, "data": {"name":"Zo\xc3\xab"},"type":"order.delete","id":"evt_1"}\n'
    assert post(client, body, path) == 200
    (stored,) = contents(inbox)
    assert (stored.id, stored.type, stored.created, stored.body) == ("evt_1", "order.delete", 1735689600, body)


def test_a_duplicate_is_acknowledged_and_stored_once(client: httpx.Client, inbox: Inbox) -> None:
    """Ordergroove sends again when an answer was lost on the way."""
    assert [post(client, envelope("a")) for _ in range(3)] == [200, 200, 200]
    assert ids(inbox) == ["a"]


def test_an_unknown_type_is_stored(client: httpx.Client, inbox: Inbox) -> None:
    """What it is good for may be found out later."""
    assert post(client, envelope("a", type="moon.eclipse")) == 200
    assert post(client, envelope("b", type=7)) == 200
    assert post(client, b'{"id": "c"}') == 200
    assert [event.type for event in contents(inbox)] == ["moon.eclipse", None, None]


def test_an_id_that_is_a_number_is_taken_as_text(client: httpx.Client, inbox: Inbox) -> None:
    """Losing the event would be worse; the text of the same number is the same event."""
    assert post(client, envelope(4711)) == 200
    assert post(client, envelope("4711")) == 200
    assert ids(inbox) == ["4711"]


def test_a_time_that_is_none_is_left_out(client: httpx.Client, inbox: Inbox) -> None:
    """The event is kept, and what was sent is in its body."""
    times: list[object] = ["1735689600", True, None, -1, 10**15, 10**30, [], 1e300]
    assert {post(client, envelope(str(number), created=time)) for number, time in enumerate(times)} == {200}
    assert [event.created for event in contents(inbox)] == [None] * len(times)


def test_a_time_with_a_fraction_is_cut_to_the_second() -> None:
    """The documents say whole seconds."""
    assert read_envelope(b'{"id": "a", "created": 1735689600.9}') == Envelope("a", None, 1735689600)


def test_an_event_is_taken_whatever_else_is_in_its_body(client: httpx.Client, inbox: Inbox) -> None:
    """Numbers beyond any float, brackets beyond any reader: the event is told by its id, and would be lost for good."""
    deep = b"[" * 5000 + b"]" * 5000
    for number, content in enumerate((b"1e400", b"-1e-400", b"9" * 6000, b'{"a": 1, "a": 2}', deep, rb'"\ud800"')):
        body = b'{"x": %b, "id": "%d", "type": "order.delete", "created": 1735689600}' % (content, number)
        assert post(client, body) == 200
    assert ids(inbox) == ["0", "1", "2", "3", "4", "5"]
    assert {(event.type, event.created) for event in contents(inbox)} == {("order.delete", 1735689600)}


def test_a_signed_body_without_a_usable_id_is_400(client: httpx.Client, inbox: Inbox) -> None:
    """Nothing is stored."""
    answers = {body[:40]: post(client, body) for body in NO_EVENTS}
    assert answers == dict.fromkeys(answers, 400)
    assert inbox.highest() == 0


def test_an_event_with_an_id_is_stored_whatever_else_is_in_it(client: httpx.Client, inbox: Inbox) -> None:
    """What is refused is given up after some tries, and may be the only word of a deletion."""
    assert [post(client, body) for body in ODD_EVENTS.values()] == [200] * len(ODD_EVENTS)
    assert {event.id: event.body for event in contents(inbox)} == ODD_EVENTS


def test_without_a_right_signature_it_is_401(client: httpx.Client, inbox: Inbox) -> None:
    """And nothing is stored."""
    values = ["", "ts=1735689605", "ts=1735689605,sig=" + "0" * 64, "ts=\xb2,sig=\xff"]
    values += [*signed(envelope("another")).values(), *signed(envelope("a"), ["another key"]).values()]
    answers = {
        value: client.post(
            "/", content=envelope("a"), headers=[(SIGNATURE_HEADER.encode(), value.encode("latin-1"))]
        ).status_code
        for value in values
    }
    assert answers == dict.fromkeys(values, 401)
    assert client.post("/", content=envelope("a")).status_code == 401
    assert inbox.highest() == 0


def test_a_body_is_not_parsed_before_its_signature_fits(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger gets no further than the signature."""
    parsed: list[bytes] = []

    def spy(body: bytes) -> Envelope:
        parsed.append(body)
        return read_envelope(body)

    monkeypatch.setattr(receiver_module, "read_envelope", spy)
    assert client.post("/", content=b"{", headers=signed(b"[")).status_code == 401
    assert post(client, b"{") == 400
    assert parsed == [b"{"]


def test_the_name_of_the_header_may_come_in_any_case(client: httpx.Client) -> None:
    """The documents write it in two ways."""
    (value,) = signed(envelope("a")).values()
    for name in ("OrderGroove-Signature", "ordergroove-signature"):
        assert client.post("/", content=envelope("a"), headers={name: value}).status_code == 200


def test_two_signature_headers_count_as_one_line(client: httpx.Client) -> None:
    """A proxy may split it; two times are still refused."""
    (value,) = signed(envelope("a")).values()
    ts, sig = value.split(",")
    split = [(SIGNATURE_HEADER, ts), (SIGNATURE_HEADER, sig)]
    assert client.post("/", content=envelope("a"), headers=split).status_code == 200
    twice = [(SIGNATURE_HEADER, value), (SIGNATURE_HEADER, value)]
    assert client.post("/", content=envelope("a"), headers=twice).status_code == 401


@pytest.fixture
def strict_client(inbox: Inbox) -> Iterator[httpx.Client]:
    """A client of a receiver with two keys and a tolerance of 300 s, whose clock stands at 1735690000."""
    app = create_app(
        {"": Reception(Inbox(inbox.place), ["newest", KEY], tolerance=300, masking=KEEPING)}, clock=lambda: 1735690000.0
    )
    with ThreadedReceiver(app) as running, httpx.Client(base_url=running.url) as client:
        yield client


def test_while_a_key_is_exchanged_either_is_accepted(strict_client: httpx.Client) -> None:
    """Signed with the new one, the old one, or both; not with the one that is yet to come."""
    body = envelope("a")
    statuses = [
        strict_client.post("/", content=body, headers=signed(body, keys, 1735690000)).status_code
        for keys in (["newest"], [KEY], ["newest", KEY], ["next", "newest"], ["next"])
    ]
    assert statuses == [200, 200, 200, 200, 401]


def test_a_tolerance_refuses_what_was_signed_long_ago(strict_client: httpx.Client) -> None:
    """Off by default: nothing says that a retry is signed anew."""
    body = envelope("a")
    answers = {
        timestamp: strict_client.post("/", content=body, headers=signed(body, [KEY], timestamp)).status_code
        for timestamp in (1735689699, 1735689700, 1735690300, 1735690301)
    }
    assert answers == {1735689699: 401, 1735689700: 200, 1735690300: 200, 1735690301: 401}


def test_a_body_over_the_limit_is_413_before_it_is_read(
    receiver: ThreadedReceiver, client: httpx.Client, inbox: Inbox
) -> None:
    """The length alone is enough; the limit itself is allowed."""
    (value,) = signed(b"").values()
    head = f"POST / HTTP/1.1\r\nHost: x\r\n{SIGNATURE_HEADER}: {value}\r\nContent-Length: 100001\r\n"
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as connection:
        connection.sendall(f"{head}\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    body = envelope("a")
    assert post(client, body + b" " * (100_000 - len(body))) == 200
    assert post(client, body + b" " * (100_001 - len(body))) == 413
    assert ids(inbox) == ["a"]


def test_a_body_of_unknown_length_is_413_at_the_limit(client: httpx.Client, inbox: Inbox) -> None:
    """However it is cut into pieces."""
    body = envelope("a") + b" " * 200_000
    pieces = iter([body[start : start + 1000] for start in range(0, len(body), 1000)])
    assert client.post("/", content=pieces, headers=signed(body)).status_code == 413
    short = envelope("b")
    assert client.post("/", content=iter([short[:9], short[9:]]), headers=signed(short)).status_code == 200
    assert ids(inbox) == ["b"]


def test_a_body_that_does_not_arrive_is_408(receiver: ThreadedReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that stalls does not keep a connection for ever."""
    monkeypatch.setattr(receiver_module, "BODY_SECONDS", 0.05)
    (value,) = signed(b"").values()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\n{SIGNATURE_HEADER}: {value}\r\nContent-Length: 9\r\n\r\n{{".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_sender_that_hangs_up_does_no_harm(
    receiver: ThreadedReceiver, client: httpx.Client, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a body is no event, and no failure of ours."""
    (value,) = signed(b"").values()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\n{SIGNATURE_HEADER}: {value}\r\nContent-Length: 9\r\n\r\n{{".encode()
        )
    assert post(client, envelope("a")) == 200
    assert ids(inbox) == ["a"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_other_methods_are_405(client: httpx.Client) -> None:
    """On both paths."""
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        assert [client.request(method, path).status_code for path in ("/", "/webhooks")] == [405, 405], method
    assert client.post("/healthz").status_code == 405


def test_other_paths_are_404(client: httpx.Client) -> None:
    """Also with a right signature."""
    for path in ("/webhooks/", "/webhook", "/.env", "/webhooks/%00", "/%ff"):
        assert post(client, envelope("a"), path) == 404, path


def test_health_is_told_without_writing_events(client: httpx.Client, inbox: Inbox) -> None:
    """However often it is asked for."""
    assert {client.get("/healthz").status_code for _ in range(10)} == {200}
    assert inbox.highest() == 0


def test_the_log_tells_what_happened_and_nothing_that_was_sent(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """No body, no id, no key, no header."""
    caplog.set_level(logging.DEBUG)
    post(client, envelope("evt-secret", data={"email": "zoe@example.com"}))
    post(client, b'{"email": "zoe@example.com"')
    client.post("/", content=b"zoe@example.com", headers={SIGNATURE_HEADER: "ts=1,sig=c0ffee"})
    client.post("/zoe@example.com", content=b"")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert [line for line in ours if "401" in line]
    assert [line for line in ours if "400" in line]
    for secret in (KEY, "zoe", "evt-secret", "c0ffee"):
        assert secret not in "\n".join(ours)


@pytest.mark.parametrize("keys", [[], [""], ["ok", "schlüssel"]])
def test_an_app_without_usable_keys_cannot_be_made(inbox: Inbox, keys: list[str]) -> None:
    """It would refuse everything, or accept everything."""
    with pytest.raises(ValueError, match="webhook key"):
        create_app({"": Reception(inbox, keys, masking=KEEPING)})

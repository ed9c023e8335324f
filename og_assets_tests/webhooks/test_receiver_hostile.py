"""Anything at all is sent to the receiver: never a 500, and nothing stored that was not signed."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webhook_receivers import KEY, ThreadedReceiver, envelope, post

from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.signature import sign
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception, create_app

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TOKENS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz-"), min_size=1, max_size=20)
LINE = st.lists(st.sampled_from([*range(0x20, 0x7F), *range(0x80, 0x100)]), max_size=100).map(bytes)
BODIES = st.one_of(st.binary(max_size=3000), st.just(envelope("a")), st.just(b"[" * 50_000))
SIGNATURES = st.one_of(
    LINE,
    st.builds(
        lambda ts, digests: f"ts={ts},{','.join(f'sig={digest}' for digest in digests)}".encode(),
        st.one_of(st.integers(), st.text(st.characters(codec="ascii", exclude_categories=["C"]))),
        st.lists(st.one_of(st.just("0" * 64), st.just(sign(b"another body", KEY, 1))), max_size=300),
    ),
)
HEADERS = st.lists(
    st.tuples(
        st.one_of(TOKENS, st.sampled_from(["Content-Type", "Content-Encoding", "Expect", "Upgrade", "Cookie", "Host"])),
        st.one_of(LINE, st.sampled_from([b"gzip", b"100-continue", b"websocket", b"application/json"])),
    ),
    max_size=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
)


@pytest.fixture(scope="module")
def hostile_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ThreadedReceiver, Path]]:
    """One receiver for all attacks, and where its inbox is."""
    path = tmp_path_factory.mktemp("hostile") / "inbox.sqlite"
    with ThreadedReceiver(
        create_app({"": Reception(Inbox(path), [KEY], masking=KEEPING)}, body_limit=100_000)
    ) as receiver:
        yield receiver, path


@pytest.fixture(scope="module")
def signed_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a receiver that may store."""
    inbox = Inbox(tmp_path_factory.mktemp("signed") / "inbox.sqlite")
    with (
        ThreadedReceiver(create_app({"": Reception(inbox, [KEY], masking=KEEPING)})) as receiver,
        httpx.Client(base_url=receiver.url) as client,
    ):
        yield client


def status_of(answer: bytes) -> int | None:
    """The final status of an answer, None when the connection was closed without one."""
    answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else None


@FUZZ
@given(
    method=st.just("POST") | st.sampled_from(["GET", "PUT", "HEAD", "OPTIONS", "TRACE", "PURGE"]),
    path=st.just("/webhooks") | st.sampled_from(["/", "/other", "/webhooks?x=%00", "*", "http://x/webhooks"]),
    headers=HEADERS,
    signature=SIGNATURES,
    body=BODIES,
)
def test_unsigned_requests_are_refused(
    hostile_ground: tuple[ThreadedReceiver, Path],
    method: str,
    path: str,
    headers: list[tuple[str, bytes]],
    signature: bytes,
    body: bytes,
) -> None:
    """Any headers, signature and body: a status of the four hundreds, nothing stored."""
    receiver, inbox_path = hostile_ground
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Connection: close", b"Content-Length: %d" % len(body)]
    lines += [b"Ordergroove-Signature: " + signature, *(name.encode() + b": " + value for name, value in headers)]
    status = status_of(receiver.raw(b"\r\n".join(lines) + b"\r\n\r\n" + body))
    assert status is None or 400 <= status < 500
    assert Inbox(inbox_path).highest() == 0


@FUZZ
@given(head=st.sampled_from([b"", b"POST / HTTP/1.1\r\n", b"POST /webhooks HTTP/1.1\r\nHost: x\r\n"]), rest=st.binary())
def test_bytes_that_are_no_request_are_refused(
    hostile_ground: tuple[ThreadedReceiver, Path], head: bytes, rest: bytes
) -> None:
    """The connection is closed or gets a status of the four hundreds."""
    receiver, inbox_path = hostile_ground
    status = status_of(receiver.raw(head + rest + b"\r\nConnection: close\r\nContent-Length: x\r\n\r\n"))
    assert status is None or 400 <= status < 500
    assert Inbox(inbox_path).highest() == 0


@pytest.mark.parametrize(
    "lines",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999999999999999\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=lambda lines: lines[:40].decode(),
)
def test_requests_that_lie_about_their_length_are_refused(
    hostile_ground: tuple[ThreadedReceiver, Path], lines: bytes
) -> None:
    """By the server or by us."""
    receiver, inbox_path = hostile_ground
    status = status_of(receiver.raw(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines))
    assert status is None or 400 <= status < 500
    assert Inbox(inbox_path).highest() == 0


@FUZZ
@given(
    content=st.one_of(JSON, st.fixed_dictionaries({"id": JSON}, optional={"type": JSON, "created": JSON})),
    cut=st.booleans(),
)
def test_signed_bodies_are_stored_or_refused(signed_ground: httpx.Client, content: object, cut: bool) -> None:
    """What the holder of the key sends is 200 or 400, whatever JSON or half of it."""
    body = json.dumps(content).encode()
    body = body[: len(body) // 2] if cut else body
    assert post(signed_ground, body) in {200, 400}


@FUZZ
@given(body=st.binary())
def test_signed_bytes_are_stored_or_refused(signed_ground: httpx.Client, body: bytes) -> None:
    """No bytes make it fail."""
    assert post(signed_ground, body) in {200, 400}

"""What a fault does to an exchange: before the answer is made, instead of it, to its page, or to its bytes.

The tree of effects:

    Effect
    ├── Status            another status with body and headers
    │   └── Html          200 with a page for people
    ├── Latency, Call     time passes, or the world changes, around the answer
    ├── Stall, Trickle, Truncate, Reset, BrokenGzip the connection misbehaves
    └── Splice, DuplicatePage, ShiftPage, DropHalf, EmptyPage, SameNext, BackNext, ForeignNext      the page does
"""

import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from og_assets.emulator.messages import JSON_TYPE, Answer, Page, Request
from og_assets.emulator.world import World


@dataclass(slots=True)
class Exchange:
    """One request on its way through the emulator.

    `last_page` and `last_url` are what the emulator answered and was asked for just before on the same
    list; `again` makes a URL that answers the same as this request under another cursor; `stopping` is
    set when the emulator stops.
    """

    request: Request
    world: World
    stopping: threading.Event
    again: Callable[[], str]
    last_page: list[str] = field(default_factory=list)
    last_url: str | None = None


@dataclass(slots=True)
class Wire:
    """The connection of an exchange: `head` are the status line and headers, already made, with the true length."""

    connection: socket.socket
    file: BufferedIOBase
    head: bytes
    body: bytes


class Effect:
    """Does nothing; each effect overrides the moment that it is about."""

    def before(self, exchange: Exchange) -> None:
        """Before the answer is made."""

    def replace(self, exchange: Exchange) -> Answer | None:
        """An answer to give in place of the true one."""
        return None

    def alter(self, exchange: Exchange, page: Page) -> None:
        """Change the page of a list."""

    def after(self, exchange: Exchange) -> None:
        """After the answer is made and before it is sent."""

    def encode(self, answer: Answer, body: bytes) -> bytes:
        """Change the bytes of the body before their length is told."""
        return body

    def send(self, exchange: Exchange, wire: Wire) -> bool:
        """Send in place of the server; True when that was done, and the connection is then closed."""
        return False

    def release(self) -> None:
        """Let go of what the effect holds back."""


@dataclass
class Status(Effect):
    """Another status: 429, 423, 5xx, 401, 403, or an expired cursor as 400 or 404. `Retry-After` goes in `headers`."""

    code: int
    body: bytes | str = b'{"detail": "fault"}'
    headers: dict[str, str] = field(default_factory=dict)

    def replace(self, exchange: Exchange) -> Answer | None:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return Answer(self.code, body, {"Content-Type": JSON_TYPE, **self.headers})


def expired_cursor(code: int = 404) -> Status:
    """The answer to a cursor that is too old; the documents tell neither its life nor the code."""
    return Status(code, '{"detail": "Invalid cursor"}')


class Html(Status):
    """A 200 with HTML, as a proxy's maintenance page."""

    def __init__(self, body: str = "<!doctype html><title>Maintenance</title><p>Back soon.") -> None:
        super().__init__(200, body, {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Latency(Effect):
    """The answer comes `seconds` later."""

    seconds: float

    def before(self, exchange: Exchange) -> None:
        exchange.stopping.wait(self.seconds)


@dataclass
class Call(Effect):
    """Runs `action(world, request)` before the answer is made, or after it and before it is sent."""

    action: Callable[[World, Request], object]
    when: Literal["before", "after"] = "before"

    def before(self, exchange: Exchange) -> None:
        if self.when == "before":
            self.action(exchange.world, exchange.request)

    def after(self, exchange: Exchange) -> None:
        if self.when == "after":
            self.action(exchange.world, exchange.request)


@dataclass
class Stall(Effect):
    """The headers come, then nothing for `seconds` (None: until `release()` or the emulator stops); then it closes."""

    seconds: float | None = None
    _released: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def send(self, exchange: Exchange, wire: Wire) -> bool:
        wire.file.write(wire.head)
        wire.file.flush()
        left = self.seconds
        while not (self._released.is_set() or exchange.stopping.is_set() or (left is not None and left <= 0)):
            self._released.wait(0.02 if left is None else min(0.02, left))
            left = None if left is None else left - 0.02
        return True

    def release(self) -> None:
        self._released.set()


@dataclass
class Trickle(Effect):
    """The body comes in so many pieces, `pause` seconds apart, and whole in the end; then it closes."""

    pieces: int
    pause: float

    def send(self, exchange: Exchange, wire: Wire) -> bool:
        wire.file.write(wire.head)
        size = -(-len(wire.body) // self.pieces)
        for start in range(0, len(wire.body), size):
            wire.file.write(wire.body[start : start + size])
            wire.file.flush()
            if exchange.stopping.wait(self.pause):
                break
        return True


@dataclass
class Truncate(Effect):
    """Only this share of the body comes, less than Content-Length tells; then it closes."""

    share: float = 0.5

    def send(self, exchange: Exchange, wire: Wire) -> bool:
        wire.file.write(wire.head + wire.body[: int(len(wire.body) * self.share)])
        wire.file.flush()
        return True


@dataclass
class Reset(Effect):
    """The connection is reset (TCP RST), before any byte or after half of the answer."""

    midway: bool = False

    def send(self, exchange: Exchange, wire: Wire) -> bool:
        if self.midway:
            wire.file.write(wire.head + wire.body[: len(wire.body) // 2])
            wire.file.flush()
        wire.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True


class BrokenGzip(Effect):
    """Headers promise gzip; the bytes are none."""

    def encode(self, answer: Answer, body: bytes) -> bytes:
        answer.headers["Content-Encoding"] = "gzip"
        return b"\x1f\x8b\x08\x00 not gzip at all"


@dataclass
class Splice(Effect):
    """Raw JSON texts, well formed or not, put behind the page's records, before them, or in place of the first ones."""

    records: Sequence[str]
    at: Literal["end", "start", "replace"] = "end"

    def alter(self, exchange: Exchange, page: Page) -> None:
        start = {"end": len(page.records), "start": 0, "replace": 0}[self.at]
        stop = len(self.records) if self.at == "replace" else start
        page.records[start:stop] = self.records


class DuplicatePage(Effect):
    """The page before comes once more in full; `next` leads to the page that was asked for, so nothing is lost."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.records = list(exchange.last_page)
        page.next = exchange.again()


@dataclass
class ShiftPage(Effect):
    """The page's first `rows` are left out (and lost); negative: the last rows of the page before come again first."""

    rows: int

    def alter(self, exchange: Exchange, page: Page) -> None:
        if self.rows > 0:
            page.records = page.records[self.rows :]
        else:
            page.records = exchange.last_page[self.rows :] + page.records


class DropHalf(Effect):
    """Every second record is left out, as by a list that is half down and does not say so."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.records = page.records[::2]


class EmptyPage(Effect):
    """A page without records whose `next` leads to the page that was asked for."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.records = []
        page.next = exchange.again()


class SameNext(Effect):
    """`next` is the URL that was just asked for."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.next = exchange.request.url()


class BackNext(Effect):
    """`next` is the URL asked for just before this one: on page 2 and later a circle of A, B, A."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.next = exchange.last_url or exchange.request.url()


@dataclass
class ForeignNext(Effect):
    """`next` leads to the scheme and host of `origin` instead of the emulator's."""

    origin: str = "https://restapi.ordergroove.example"

    def alter(self, exchange: Exchange, page: Page) -> None:
        origin = urlsplit(self.origin)
        parts = urlsplit(page.next or exchange.request.url())
        page.next = urlunsplit((origin.scheme, origin.netloc, parts.path, parts.query, ""))

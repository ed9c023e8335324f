"""Receivers for tests, in a thread or as processes, and what is posted to them."""

import json
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import httpx
from starlette.applications import Starlette

from og_assets.emulator.shop.state import Event
from og_assets.ordergroove.signature import SIGNATURE_HEADER, signature_header
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets.webhooks.postgres_inbox import PostgresPlace
from og_assets.webhooks.serve import make_server
from og_assets.webhooks.sqlite_inbox import SqlitePlace

KEY = "og-test-key-new"
NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
SERVE = """
import pickle, sys
from og_assets.ordergroove.masking import KEEPING
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.receiver import Reception
from og_assets.webhooks.serve import serve
inbox = Inbox(pickle.loads(bytes.fromhex(sys.argv[2])))
serve("127.0.0.1", int(sys.argv[1]), {"": Reception(inbox, [sys.argv[3]], KEEPING)})
"""


def event(event_id: str, received_at: datetime = NOON, body: bytes = b"{}") -> InboxEvent:
    """An event of that id."""
    return InboxEvent(event_id, "order.delete", 1735689600, received_at, body)


def envelope(event_id: object, **fields: object) -> bytes:
    """The body of an event."""
    return json.dumps({"id": event_id, "type": "order.delete", "created": 1735689600, "data": {}} | fields).encode()


def signed(body: bytes, keys: Iterable[str] = (KEY,), timestamp: int = 1735689605) -> dict[str, str]:
    """The signature header of a body."""
    return {SIGNATURE_HEADER: signature_header(body, keys, timestamp)}


def post(client: httpx.Client, body: bytes, path: str = "/webhooks") -> int:
    """Post a body with a right signature; returns the status."""
    return client.post(path, content=body, headers=signed(body)).status_code


def contents(inbox: Inbox) -> list[InboxEvent]:
    """All events of an inbox, read in pages as whoever takes them in reads them."""
    events: list[InboxEvent] = []
    position = 0
    while page := inbox.after(position, 500):
        position = page[-1][0]
        events += [event for _, event in page]
    return events


def ids(inbox: Inbox) -> list[str]:
    """The ids of all events of an inbox, in order of arrival."""
    return [event.id for event in contents(inbox)]


@dataclass
class Happenings:
    """A journal of events with a clock that stands still."""

    events: list[Event] = field(default_factory=list)
    epoch: int = int(NOON.timestamp())

    def add(self, count: int) -> Self:
        """Add so many events, each of its own id and with a body of usual size."""
        start = len(self.events)
        body: dict[str, Any] = {"type": "order", "public_id": "zzzz9999", "customer": "Zoë", "padding": "x" * 700}
        self.events += [Event(f"evt-{start + number}", "order.create", NOON, body) for number in range(count)]
        return self


class ThreadedReceiver:
    """The application behind a real server on loopback, in this process."""

    def __init__(self, app: Starlette) -> None:
        self._server = make_server(app)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def raw(self, request: bytes) -> bytes:
        """What comes back for bytes on a connection whose end is then told."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(request)
            answer = b""
            while True:
                try:
                    chunk = connection.recv(65536)
                except ConnectionError:
                    return answer
                if not chunk:
                    return answer
                answer += chunk


class ReceiverProcess:
    """The receiver as it runs for an operator; `restart` keeps port and inbox."""

    def __init__(self, inbox_place: SqlitePlace | PostgresPlace, key: str = KEY) -> None:
        self._arguments = [pickle.dumps(inbox_place).hex(), key]
        self.port = 0
        self.process = self._start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        self._close()

    def terminate(self) -> int:
        """End it with SIGTERM; returns the exit status."""
        self.process.terminate()
        return self._close()

    def restart(self) -> None:
        """Start it again; returns when it listens."""
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.port), *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        self.port = int(line.removesuffix("/webhooks\n").rsplit(":", 1)[1])
        return process

    def _close(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=20)

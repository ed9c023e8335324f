"""A real HTTP server on loopback that gives the answers it was told to, in their order, hostile ones included."""

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    at: float


Answer = Callable[["Handler"], None]


class ScriptedServer:
    """Gives the n-th answer to the n-th request, and the last one for ever after."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answers: Sequence[Answer] = answers
        self.asked: list[Asked] = []
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.script = self  # type: ignore[attr-defined]
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler: "Handler") -> None:
        with self._lock:
            turn = len(self.asked)
            self.asked.append(Asked(handler.path, dict(handler.headers), time.monotonic()))
        self.answers[min(turn, len(self.answers) - 1)](handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def script(self) -> ScriptedServer:
        return self.server.script  # type: ignore[attr-defined,no-any-return]

    def do_GET(self) -> None:
        self.script.answer(self)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def body(content: bytes, status: int = 200, **headers: str) -> Answer:
    """These very bytes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.send(status, content, {"Content-Type": "application/json", **named})


def page(*ids: str, next: str | None = None, key: str = "public_id") -> Answer:
    """An envelope with one small record per id. A `next` that is a path is put behind the server's address."""

    def give(handler: Handler) -> None:
        address = handler.script.url + next if next and re.match("/[^/]", next) else next
        envelope: dict[str, Any] = {"next": address, "previous": None, "results": [{key: id} for id in ids]}
        handler.send(200, json.dumps(envelope).encode(), {"Content-Type": "application/json"})

    return give


def status(code: int, content: bytes = b"", **headers: str) -> Answer:
    """A bare status."""
    return body(content, code, **headers)


def reset(handler: Handler) -> None:
    """Break the connection off without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def cut_off(content: bytes) -> Answer:
    """Promise more bytes than are sent."""

    def give(handler: Handler) -> None:
        handler.send(200, content, {"Content-Length": str(len(content) + 50)})
        handler.close_connection = True

    return give


def hang(handler: Handler) -> None:
    """Say nothing until the server is closed."""
    handler.script.released.wait(30)
    handler.close_connection = True


def trickle(handler: Handler) -> None:
    """Send a body that never ends, a byte at a time."""
    handler.send(200, b"[", {"Content-Length": "100000"})
    while not handler.script.released.wait(0.02):
        try:
            handler.wfile.write(b" ")
        except OSError:
            break
    handler.close_connection = True

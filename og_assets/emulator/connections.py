"""HTTP/1.1 on loopback: reads requests, writes answers or lets effects write them. Knows nothing of what they say."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from og_assets.emulator.effects import Effect, Exchange, Wire
from og_assets.emulator.messages import Answer

Reply = tuple[Answer, Exchange, list[Effect]]
"""What to send, in which exchange, and the effects that still have their say on its bytes."""

Respond = Callable[[str, str, Mapping[str, str], bytes], Reply]
"""Makes the reply to method, path with query, headers and body."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a client; HTTP/1.1 with keep-alive."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Serve any method: what a path refuses it answers with 405."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer, exchange, effects = self.server.respond(self.command, self.path, dict(self.headers), body)
        payload = answer.payload()
        for effect in effects:
            payload = effect.encode(answer, payload)
        wire = Wire(self.connection, self.wfile, _head(answer, exchange, payload), payload)
        if any(effect.send(exchange, wire) for effect in effects):
            self.close_connection = True
            return
        self.wfile.write(wire.head + payload)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _head(answer: Answer, exchange: Exchange, payload: bytes) -> bytes:
    """Status line and headers; `Date` is the world's clock."""
    reason = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else ""
    headers = {
        "Date": format_datetime(exchange.world.now, usegmt=True),
        "Server": "ordergroove-emulator",
        **answer.headers,
        "Content-Length": str(len(payload)),
    }
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Server(ThreadingHTTPServer):
    """Listens on a port of loopback; keeps hold of its connections and threads, so that it can end them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._threads_alive: set[threading.Thread] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        with self._guard:
            self._open.add(request)
            self._threads_alive.add(thread)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)
                self._threads_alive.discard(thread)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that is to be reset goes without the FIN that would precede the RST."""
        linger, _ = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if linger:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the emulator; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """End connections and threads, then stop listening."""
        with self._guard:
            connections, threads = list(self._open), list(self._threads_alive)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)
        self.server_close()

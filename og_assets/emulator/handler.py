"""HTTP/1.1 on one connection: reads requests, writes answers or lets effects write them."""

from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast

from og_assets.emulator import control
from og_assets.emulator.effects import Wire
from og_assets.emulator.messages import Answer
from og_assets.emulator.routes import parse

if TYPE_CHECKING:
    from og_assets.emulator.server import Emulator


class Handler(BaseHTTPRequestHandler):
    """One connection of a client; HTTP/1.1 with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def emulator(self) -> "Emulator":
        """The emulator that is served."""
        return cast("Emulator", self.server.emulator)  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        """Serve any method: what a path refuses it answers with 405."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(control.PREFIX):
            self._write(answer := control.answer(self.emulator, self.command, self.path, body), answer.payload())
            return
        emulator = self.emulator
        request = parse(self.command, self.path, dict(self.headers), emulator.url, emulator.world.now)
        answer, exchange, effects = emulator.answer(request)
        payload = answer.payload()
        for effect in effects:
            payload = effect.encode(answer, payload)
        wire = Wire(self.connection, self.wfile, self._head(answer, payload), payload)
        if any(effect.send(exchange, wire) for effect in effects):
            self.close_connection = True
            return
        self.wfile.write(wire.head + payload)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def _write(self, answer: Answer, payload: bytes) -> None:
        self.wfile.write(self._head(answer, payload) + payload)

    def _head(self, answer: Answer, payload: bytes) -> bytes:
        """Status line and headers; `Date` is the world's clock."""
        reason = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else ""
        headers = {
            "Date": format_datetime(self.emulator.world.now, usegmt=True),
            "Server": "ordergroove-emulator",
            **answer.headers,
            "Content-Length": str(len(payload)),
        }
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

"""A small server of lists, of the fuzzer's own: gives the bodies that it was handed, byte for byte, in pages."""

import re
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


class ListServer:
    """Answers each GET with the next page of `bodies` in the envelope that the API documents for version 2."""

    def __init__(self, page_size: int = 100) -> None:
        self.bodies: Sequence[bytes] = ()
        self.page_size = page_size
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.lists = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def page(self, path: str, at: int) -> bytes:
        """The page that begins with the record at `at`."""
        end = at + self.page_size
        following = f'"{self.url}{path}?cursor={end}"' if end < len(self.bodies) else "null"
        return b'{"next": %b, "previous": null, "results": [%b]}' % (
            following.encode(),
            b", ".join(self.bodies[at:end]),
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        cursor = parse_qs(asked.query).get("cursor", ["0"])[0]
        body = self.server.lists.page(asked.path, int(re.sub("[^0-9]", "", cursor)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

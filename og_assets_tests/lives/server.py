"""The shop's REST API over HTTP: lists, retrieves, filters, cursors. From the documents, by the standard library."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

from og_assets_tests.lives.shop import Shop

KEY = "k-of-the-lives"
FILTER_ZONE = ZoneInfo("America/Chicago")
"""The guide to data pipelines says CST of filters."""
SINCE = {
    "customers": "updated_start",
    "orders": "updated_start",
    "items": "order_updated_start",
    "payments": None,
    "one_time_incentives": None,
}
"""The objects that are served and how each is asked for what changed."""


class Server(ThreadingHTTPServer):
    """Serves one shop after the other. `before_answer` is called in front of each answer, with the path."""

    daemon_threads = True
    shop: Shop
    before_answer: Callable[[str], None] = staticmethod(lambda path: None)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs for the time of the block."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        if self.headers["x-api-key"] != KEY:
            self._answer(403, {"detail": "Authentication Failed"})
            return
        url = urlsplit(self.path)
        name, *rest = url.path.strip("/").split("/")
        self.server.before_answer(url.path)
        if name not in SINCE or self.headers["X-OG-API-VERSION"] != "2":
            self._answer(404, {"detail": "Not found"})
        elif rest:
            found = [body for key, body, *_ in self.server.shop.listed(name) if key == rest[0]]
            self._answer(*((200, found[0]) if found else (404, {"detail": "Unable to find requested asset."})))
        else:
            self._answer(200, self._page(name, {key: values[0] for key, values in parse_qs(url.query).items()}))

    def _page(self, name: str, asked: dict[str, str]) -> dict[str, Any]:
        """The rows after the cursor, by key: an order that no change of a row moves."""
        size = min(int(asked.get("page_size", "10")), 100)
        after = base64.b64decode(asked.pop("cursor", "")).decode()
        rows = [
            (_place(key), body)
            for key, body, changed, status in self.server.shop.listed(name)
            if _is_asked_for(name, asked, changed, status) and _place(key) > after
        ]
        rows.sort(key=lambda row: row[0])
        following = None
        if len(rows) > size:
            cursor = base64.b64encode(rows[size - 1][0].encode()).decode()
            following = f"{self.server.url}/{name}/?{urlencode({**asked, 'cursor': cursor})}"
        return {"next": following, "previous": None, "results": [body for _, body in rows[:size]]}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.server.shop.now.astimezone(UTC), usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""


def _place(key: str) -> str:
    return f"{len(key):04}{key}"


def _is_asked_for(name: str, asked: dict[str, str], changed: datetime | None, status: int | None) -> bool:
    """Whether a row meets the filters; `*_start` is inclusive, and both sides have whole seconds."""
    since = SINCE[name]
    if since in asked and changed is not None:
        start = datetime.fromisoformat(asked[since]).replace(tzinfo=FILTER_ZONE)
        if changed.replace(microsecond=0) < start:
            return False
    return "status" not in asked or str(status) == asked["status"]

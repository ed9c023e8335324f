"""A chat that listens on loopback, and an instance of Dagster that has its address."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest

from og_assets.sync.windows import CHICAGO

ADDRESS = "/services/T000/B000/not-for-logs"
REPOSITORY = Path(__file__).parents[2]


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    """A time of July 2026 in Chicago, in summer time."""
    return datetime(2026, 7, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


class Chat:
    """What was posted; `answers` are the status codes to give next, 200 when there are none."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answers: list[int] = []
        self.paths: list[str] = []
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = chat.answers.pop(0) if chat.answers else 200
                chat.paths.append(self.path)
                if status == 200:
                    chat.texts.append(json.loads(body)["text"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{ADDRESS}"

    def heard(self) -> list[str]:
        """What was posted since the last time."""
        texts, self.texts = self.texts, []
        return texts


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A chat whose address is set."""
    chat = Chat()
    thread = threading.Thread(target=chat.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("ORDERGROOVE_ALERT_URL", chat.url)
    monkeypatch.setenv("ORDERGROOVE_DAGSTER_URL", "https://dagster.example")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield chat
    chat.server.shutdown()
    chat.server.server_close()
    thread.join()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the project's settings, retries of runs among them."""
    home = tmp_path / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance

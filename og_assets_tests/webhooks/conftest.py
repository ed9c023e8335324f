"""An inbox in a temporary folder, or for a lake in PostgreSQL, and receivers that store into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from webhook_receivers import KEY, ReceiverProcess, ThreadedReceiver

from og_assets.ordergroove.masking import KEEPING
from og_assets.webhooks.inbox import Inbox
from og_assets.webhooks.postgres_inbox import PostgresPlace
from og_assets.webhooks.receiver import Reception, create_app
from og_assets.webhooks.sqlite_inbox import SqlitePlace
from og_assets_tests.lake.services import missing_packages

StartReceiver = Callable[[], ReceiverProcess]
Place = SqlitePlace | PostgresPlace


@pytest.fixture
def inbox_path(tmp_path: Path) -> Path:
    """Where an inbox may be made; its folder is missing and has a name that looks like a pattern."""
    return tmp_path / "data [1]?* o'clock" / "inbox.sqlite"


@pytest.fixture(params=["file"] if missing_packages() else ["postgres"])
def inbox_place(request: pytest.FixtureRequest, inbox_path: Path) -> Place:
    """Where an inbox may be made: in `make test` a file, in `make lake` a database; tests of one of them ask for it."""
    if request.param == "file":
        return SqlitePlace(inbox_path)
    return PostgresPlace(request.getfixturevalue("catalog"), "acme")


@pytest.fixture
def inbox(inbox_place: Place) -> Iterator[Inbox]:
    """The inbox as another process sees it."""
    inbox = Inbox(inbox_place)
    yield inbox
    inbox.close()


@pytest.fixture
def receiver(inbox_place: Place) -> Iterator[ThreadedReceiver]:
    """A receiver with one key, a limit of 100,000 bytes and little patience with a locked inbox."""
    with ThreadedReceiver(
        create_app({"": Reception(Inbox(inbox_place, busy_timeout=0.05), [KEY], masking=KEEPING)}, body_limit=100_000)
    ) as running:
        yield running


@pytest.fixture
def client(receiver: ThreadedReceiver) -> Iterator[httpx.Client]:
    """A client of that receiver."""
    with httpx.Client(base_url=receiver.url, timeout=10) as client:
        yield client


@pytest.fixture
def start_receiver(inbox_place: Place) -> Iterator[StartReceiver]:
    """Starts receiver processes on one inbox."""
    started: list[ReceiverProcess] = []

    def start() -> ReceiverProcess:
        started.append(ReceiverProcess(inbox_place))
        return started[-1]

    yield start
    for receiver in started:
        receiver.kill()

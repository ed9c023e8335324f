"""The inbox in PostgreSQL: what a server can do to it that a file cannot, and what is told then."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from og_assets.ordergroove.masking import KEEPING
from og_assets.webhooks.errors import InboxError
from og_assets.webhooks.inbox import Inbox, InboxEvent
from og_assets.webhooks.postgres_inbox import PostgresPlace
from og_assets.webhooks.receiver import Reception, create_app
from og_assets_tests.lake.services import Postgres, running_postgres
from og_assets_tests.webhooks.webhook_receivers import KEY, ThreadedReceiver, envelope, ids, post

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)


def event(event_id: str, body: bytes = b"{}") -> InboxEvent:
    """An event of that id."""
    return InboxEvent(event_id, "order.delete", 1735689600, NOON, body)


@pytest.fixture
def place(catalog: str) -> PostgresPlace:
    """Where an inbox may be made."""
    return PostgresPlace(catalog, "acme")


@pytest.fixture
def inbox(place: PostgresPlace) -> Iterator[Inbox]:
    """The inbox as a receiver on another host sees it."""
    inbox = Inbox(place)
    yield inbox
    inbox.close()


def test_a_reader_sees_no_position_before_a_smaller_one(inbox: Inbox, place: PostgresPlace, postgres: Postgres) -> None:
    """Whoever stores waits for the commit of who stores already: a reader would go past what is committed late."""
    inbox.store(event("a"))
    impatient = Inbox(place, busy_timeout=0.05)
    with postgres.cursor(place.words) as other:
        other.execute("BEGIN")
        other.execute("UPDATE acme.webhook_inbox SET position = position + 1")
        for attempt in (lambda: impatient.store(event("c")), impatient.probe):
            with pytest.raises(InboxError, match="lock timeout"):
                attempt()
        assert impatient.highest() == 1
        other.execute("ROLLBACK")
    assert impatient.store(event("b"))
    assert [position for position, _ in inbox.after(0)] == [1, 2]
    impatient.close()


def test_a_commit_is_on_the_disk_though_the_server_would_not_wait_for_it(
    inbox: Inbox, place: PostgresPlace, postgres: Postgres
) -> None:
    """The promise that an acknowledged event survives a power cut, whatever the database's setting."""
    with postgres.cursor(place.words) as other:
        other.execute(f"ALTER DATABASE {place.words.split('dbname=')[1].split()[0]} SET synchronous_commit = off")
    inbox.store(event("a"))
    with inbox._using() as store:
        assert store._ask("SHOW synchronous_commit") == "on"


def test_a_server_that_dies_is_503_until_it_is_back_and_nothing_acknowledged_is_lost() -> None:
    """Killed under its sessions; the receiver goes on by itself."""
    with running_postgres() as server:
        place = PostgresPlace(f"{server.words('postgres')} passfile={server.variables['PGPASSFILE']}", "acme")
        with (
            ThreadedReceiver(create_app({"": Reception(Inbox(place), [KEY], masking=KEEPING)})) as receiver,
            httpx.Client(base_url=receiver.url, timeout=10) as client,
        ):
            assert post(client, envelope("a")) == 200
            server.kill()
            assert post(client, envelope("b")) == 503
            assert client.get("/healthz").status_code == 503
            with server.running():
                assert post(client, envelope("b")) == 200
                assert ids(Inbox(place)) == ["a", "b"]


def test_rewritten_bodies_are_nowhere_in_the_files_of_the_table(
    inbox: Inbox, place: PostgresPlace, postgres: Postgres
) -> None:
    """A row that was updated stays in the file until the table is written anew."""
    inbox.store_all([event(str(number), b"zoe@example.com") for number in range(3)])
    with postgres.cursor(place.words) as other:

        def in_file() -> bool:
            other.execute("CHECKPOINT")
            other.execute("SELECT pg_read_binary_file(pg_relation_filepath('acme.webhook_events'))")
            return b"zoe@" in bytes(other.fetchone()[0])

        assert in_file()
        inbox.rewrite([(number, b"masked") for number in (1, 2, 3)])
        assert not in_file()
    assert {stored.body for _, stored in inbox.after(0)} == {b"masked"}


def test_an_inbox_of_a_newer_release_is_refused(inbox: Inbox, place: PostgresPlace, postgres: Postgres) -> None:
    """It may hold more than this release understands."""
    inbox.open()
    inbox.close()
    with postgres.cursor(place.words) as other:
        other.execute("UPDATE acme.webhook_inbox SET version = 99")
    with pytest.raises(InboxError, match="newer og_assets"):
        inbox.open()


def test_messages_tell_where_and_no_password(place: PostgresPlace, postgres: Postgres) -> None:
    """Of a database that is not there, of a password that is not right, of a user who may not create tables."""
    elsewhere = PostgresPlace(place.words.replace("dbname=", "dbname=no_"), "acme")
    stranger = PostgresPlace(f"{place.words} passfile=/nowhere", "acme")
    system = PostgresPlace(place.words, "pg_mine")
    for wrong, said in ((elsewhere, "does not exist"), (stranger, "password"), (system, "unacceptable schema name")):
        with pytest.raises(InboxError, match=said) as caught:
            Inbox(wrong).open()
        assert "PGPASSFILE" in str(caught.value)
        assert postgres.password not in str(caught.value)


def test_an_error_quotes_nothing_of_an_event(inbox: Inbox) -> None:
    """PostgreSQL's own details would."""
    inbox.open()
    with inbox._using() as store, store.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE webhook_events ADD CHECK (length(body) < 10)")
    with pytest.raises(InboxError) as caught:
        inbox.store(event("secret-id", b"zoe@example.com"))
    assert "check constraint" in caught.value.problem
    for value in (b"zoe", b"secret"):
        assert value.decode() not in str(caught.value)
        assert value.hex() not in str(caught.value)

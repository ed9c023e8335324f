"""Single records and the look before a run: what is gone, what is forbidden, what the key can see."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scripted_server import ScriptedServer, body, hang, page, status

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import MissingPermission, StillFailing, UnexpectedPage, WrongKey
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.retry import RetryPolicy

BY_NAME = {object.name: object for object in OBJECTS}
ORDERS = BY_NAME["orders"]
AT_ONCE = RetryPolicy(first_delay=0.0, max_delay=0.0)


def reader(server: ScriptedServer) -> OrdergrooveClient:
    return OrdergrooveClient(server.url, "key", requests_per_minute=None, timeout=5.0, retry=AT_ONCE)


def test_record_is_retrieved_as_it_was_sent() -> None:
    """Its path is the list's with the key behind it."""
    record = b'{"public_id": "a",   "x": NaN}'
    with ScriptedServer(body(record + b"\n")) as server, reader(server) as client:
        assert client.retrieve(ORDERS, "a") == record
    assert server.asked[0].path == "/orders/a/"
    assert server.asked[0].headers["x-api-key"] == "key"


def test_404_is_none_after_one_request() -> None:
    """The record is gone, or out of this key's scope."""
    with ScriptedServer(status(404, b'{"detail": "Not found"}')) as server, reader(server) as client:
        assert client.retrieve(ORDERS, "a") is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("code", "error"), [(401, WrongKey), (403, MissingPermission), (500, StillFailing), (204, UnexpectedPage)]
)
def test_nothing_but_404_is_ever_read_as_gone(code: int, error: type[Exception]) -> None:
    """A lost permission must not delete rows."""
    with ScriptedServer(status(code)) as server, reader(server) as client:
        with pytest.raises(error, match="orders, one record"):
            client.retrieve(ORDERS, "a")


@pytest.mark.parametrize("content", [b'{"detail": "hello"}', b"[]", b'[{"public_id": "a"}]', b"null"])
def test_answer_without_the_key_is_no_record(content: bytes) -> None:
    """Something other than Ordergroove answered."""
    with ScriptedServer(body(content)) as server, reader(server) as client, pytest.raises(UnexpectedPage):
        client.retrieve(ORDERS, "a")


def test_broken_answer_is_asked_for_again() -> None:
    """As on a list."""
    with ScriptedServer(body(b'{"public_id": '), body(b'{"public_id": "a"}')) as server, reader(server) as client:
        assert client.retrieve(ORDERS, "a") == b'{"public_id": "a"}'


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a/b?c#d", "/customers/a%2Fb%3Fc%23d/"),
        ("100%", "/customers/100%25/"),
        ("j\u00e4n@example.com", "/customers/j%C3%A4n%40example.com/"),
        ("a b", "/customers/a%20b/"),
    ],
)
def test_key_of_any_characters_stays_one_part_of_the_path(key: str, path: str) -> None:
    """Merchants choose their customers' ids; one with a slash must not ask for something else."""
    with ScriptedServer(status(404)) as server, reader(server) as client:
        assert client.retrieve(BY_NAME["customers"], key) is None
    assert server.asked[0].path == path


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_key_that_would_be_another_path_is_refused(key: str) -> None:
    """`/orders/../` is no order, and its 404 no proof of anything."""
    with ScriptedServer(status(404)) as server, reader(server) as client, pytest.raises(ValueError, match="orders"):
        client.retrieve(ORDERS, key)
    assert server.asked == []


def test_object_without_a_retrieve_is_refused() -> None:
    """Offer profiles have no such page in the reference: a 404 would prove nothing."""
    with ScriptedServer(status(404)) as server, reader(server) as client:
        with pytest.raises(ValueError, match="offer_profiles"):
            client.retrieve(BY_NAME["offer_profiles"], "a")
    assert server.asked == []


def test_preflight_asks_for_two_customers() -> None:
    """One small request, before anything relies on host and key."""
    with ScriptedServer(page("1", "2", key="merchant_user_id", next="/customers/?cursor=1")) as server:
        with reader(server) as client:
            seen = client.preflight()
    assert [asked.path for asked in server.asked] == ["/customers/?page_size=2"]
    assert seen.customers == 2
    assert seen.sees_several_customers
    assert 0 < seen.seconds < 5


@pytest.mark.parametrize("ids", [(), ("1",), ("1", "1")], ids=["none", "one", "one twice"])
def test_preflight_tells_a_key_that_may_be_bound_to_one_customer(ids: tuple[str, ...]) -> None:
    """Without the Bulk Operations permission a list is short instead of forbidden (API reference: authentication)."""
    with ScriptedServer(page(*ids, key="merchant_user_id")) as server, reader(server) as client:
        seen = client.preflight()
    assert seen.customers == len(set(ids))
    assert not seen.sees_several_customers


def test_preflight_measures_the_servers_clock() -> None:
    """A clock that is wrong by more than the lookback would lose changes."""
    slow = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)

    def answer(handler: object) -> None:
        content = json.dumps({"results": []}).encode()
        handler.wfile.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s" % (slow.encode(), len(content), content)
        )
        handler.close_connection = True  # type: ignore[attr-defined]

    with ScriptedServer(answer) as server, reader(server) as client:
        skew = client.preflight().clock_skew
    assert skew is not None
    assert abs(skew + timedelta(hours=1)) < timedelta(seconds=3)


def test_preflight_does_not_take_a_slow_try_for_a_wrong_clock() -> None:
    """The first try hangs for longer than the skew that is told afterwards."""
    with (
        ScriptedServer(hang, page("1", "2", key="merchant_user_id")) as server,
        OrdergrooveClient(server.url, "key", requests_per_minute=None, timeout=1.8, retry=AT_ONCE) as client,
    ):
        seen = client.preflight()
    assert seen.seconds >= 1.8
    assert seen.clock_skew is not None
    assert abs(seen.clock_skew) < timedelta(seconds=1.5)


@pytest.mark.parametrize(("code", "error"), [(401, WrongKey), (403, MissingPermission)])
def test_preflight_stops_a_run_with_a_wrong_key(code: int, error: type[Exception]) -> None:
    """The message names the setting."""
    with ScriptedServer(status(code)) as server, reader(server) as client:
        with pytest.raises(error, match="ORDERGROOVE_API_KEY"):
            client.preflight()

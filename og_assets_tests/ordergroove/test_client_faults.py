"""Faults that may pass: what is tried again, how patiently, when it ends, and what is said then."""

import gzip
import pickle
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Answer, Handler, ScriptedServer, body, cut_off, hang, page, reset, status, trickle

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import (
    Closed,
    MissingPermission,
    OrdergrooveError,
    StillFailing,
    UnexpectedPage,
    Unreachable,
    WrongKey,
)
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.page import Page
from og_assets.ordergroove.retry import RetryPolicy, retry_after_seconds

ORDERS = next(object for object in OBJECTS if object.name == "orders")
AT_ONCE = RetryPolicy(first_delay=0.0, max_delay=0.0)
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def reader(
    server: ScriptedServer, retry: RetryPolicy = AT_ONCE, timeout: float = 5.0, pace: float | None = None
) -> OrdergrooveClient:
    return OrdergrooveClient(server.url, "key", requests_per_minute=pace, timeout=timeout, retry=retry)


def first_page(server: ScriptedServer, retry: RetryPolicy = AT_ONCE, timeout: float = 5.0) -> Page:
    with reader(server, retry, timeout) as client:
        return next(client.pages(ORDERS, {}))


SOUND = b'{"results": [{"public_id": "a"}], "next": null}'
PASSING: dict[str, tuple[Answer, str]] = {
    "408": (status(408), "408"),
    "423": (status(423), "423"),
    "429": (status(429), "429"),
    "500": (status(500, b"<html>"), "500"),
    "502": (status(502), "502"),
    "503": (status(503), "503"),
    "504": (status(504), "504"),
    "reset": (reset, "broken connection"),
    "cut off by length": (cut_off(SOUND), "broken connection"),
    "cut off, length says it is whole": (body(SOUND[:-20]), "unreadable"),
    "cut off within a string": (body(SOUND[:25]), "unreadable"),
    "broken gzip": (body(gzip.compress(SOUND)[:-12], Content_Encoding="gzip"), "unreadable"),
    "no gzip at all": (body(SOUND, Content_Encoding="gzip"), "unreadable"),
    "HTML": (body(b"<html>Maintenance</html>"), "unreadable"),
    "text": (body(b"upstream connect error"), "unreadable"),
    "nothing": (body(b""), "unreadable"),
    "two bodies": (body(SOUND + SOUND), "unreadable"),
    "brackets": (body(b'{"results": [{"a": 1], "next": null}}'), "unreadable"),
    "lost record": (body(b'{"results": [{"a": NaN}, , {"a": 1}]}'), "unreadable"),
}


@pytest.mark.parametrize(("fault", "code"), PASSING.values(), ids=PASSING)
def test_fault_that_passes_costs_a_try_and_nothing_else(fault: Answer, code: str) -> None:
    """The page arrives, with the number of tries by kind."""
    with ScriptedServer(fault, fault, body(SOUND)) as server:
        read = first_page(server)
    assert read.records == [b'{"public_id": "a"}']
    assert (read.requests, read.retries) == (3, {code: 2})
    assert len({asked.path for asked in server.asked}) == 1


@pytest.mark.parametrize(("fault", "code"), PASSING.values(), ids=PASSING)
def test_fault_that_stays_ends_after_six_tries_with_its_name(fault: Answer, code: str) -> None:
    """A body that cannot be read ends as UnexpectedPage, all else as StillFailing."""
    with ScriptedServer(fault) as server:
        with pytest.raises(OrdergrooveError, match=f"orders, page 1.*6 tries.*{code} x6") as caught:
            first_page(server)
    assert type(caught.value) is (UnexpectedPage if code == "unreadable" else StillFailing)
    assert len(server.asked) == 6


def test_answer_that_does_not_come_is_a_timeout() -> None:
    """It is asked for again on a new connection."""
    with ScriptedServer(hang, body(SOUND)) as server:
        read = first_page(server, timeout=0.2)
    assert read.retries == {"timeout": 1}
    assert read.seconds >= 0.2


@pytest.mark.parametrize("fault", ["cut off", "broken gzip"])
def test_body_of_a_refusal_does_not_matter(fault: str) -> None:
    """A 403 whose body cannot be read is a 403, and not tried again."""
    headers = {"Content_Length": "100", "Connection": "close"} if fault == "cut off" else {"Content_Encoding": "gzip"}

    def refuse(handler: Handler) -> None:
        status(403, b"{}", **headers)(handler)
        handler.close_connection = True

    with ScriptedServer(refuse) as server, pytest.raises(MissingPermission):
        first_page(server)
    assert len(server.asked) == 1


def test_body_that_trickles_in_ends_with_the_budget() -> None:
    """No time-out of the network ends it, since bytes keep coming."""
    with ScriptedServer(trickle) as server:
        began = time.monotonic()
        with pytest.raises(StillFailing, match="trickling"):
            first_page(server, RetryPolicy(budget=0.3))
        assert time.monotonic() - began < 3


def test_host_that_is_not_there_is_unreachable_and_says_where_to_look() -> None:
    """Nobody listens on that port."""
    with ScriptedServer() as server:
        address = server.url
    with OrdergrooveClient(address, "key", requests_per_minute=None, retry=AT_ONCE) as client:
        with pytest.raises(Unreachable, match=r"6 tries.*no connection x6.*ORDERGROOVE_BASE_URL"):
            client.preflight()


def test_wait_that_would_pass_the_budget_is_not_begun() -> None:
    """A run does not sleep towards a failure that is already certain."""
    patient = RetryPolicy(first_delay=0.0, max_delay=60.0, budget=10.0)
    with ScriptedServer(status(503, Retry_After="30")) as server:
        began = time.monotonic()
        with pytest.raises(StillFailing, match="1 tries"):
            first_page(server, patient)
        assert time.monotonic() - began < 3


def test_retry_after_is_honoured_but_not_beyond_the_longest_delay() -> None:
    """An hour asked for by a confused proxy does not stop a run for an hour."""
    policy = RetryPolicy(first_delay=0.0, max_delay=0.3)
    answers = [status(429, Retry_After=value) for value in ("0.1", "3600", "soon")]
    with ScriptedServer(*answers, body(SOUND)) as server:
        first_page(server, policy)
    gaps = [b.at - a.at for a, b in zip(server.asked, server.asked[1:], strict=False)]
    assert 0.1 <= gaps[0] < 0.3 <= gaps[1] < 2
    assert gaps[2] < 0.1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", None),
        ("0", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        ("Sunday, 01-Jun-25 12:00:09 GMT", 9.0),
        (format_datetime(NOW - timedelta(days=1)), None),
        ("Wed, 99 Foo 2025 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    """A date is compared with the server's own clock; nonsense asks for nothing."""
    assert retry_after_seconds(value, NOW) == seconds


@given(
    failed=st.integers(1, 50),
    first=st.floats(0, 10),
    longest=st.floats(0, 100),
    retry_after=st.none() | st.floats(0, allow_nan=False),
)
def test_delay_is_jittered_exponential_and_never_above_the_longest(
    failed: int, first: float, longest: float, retry_after: float | None
) -> None:
    """Whatever the server asks for, and after however many tries."""
    policy = RetryPolicy(first_delay=first, max_delay=longest)
    delay = policy.delay(failed, retry_after)
    assert min(retry_after or 0, longest) <= delay <= longest
    if not retry_after:
        assert delay <= first * 2 ** (failed - 1)


def test_delays_spread_over_the_whole_range() -> None:
    """Readers that failed together do not come back together."""
    delays = [RetryPolicy(first_delay=1.0).delay(3, None) for _ in range(500)]
    assert min(delays) < 1.0
    assert 3.0 < max(delays) <= 4.0


def test_requests_keep_their_pace() -> None:
    """600 a minute are a tenth of a second apart, tries after a fault included."""
    answers = [page("a", next="/orders/?cursor=1"), status(503), page("b", next="/orders/?cursor=2"), page("c")]
    with ScriptedServer(*answers) as server, reader(server, pace=600.0) as client:
        began = time.monotonic()
        assert len(list(client.pages(ORDERS, {}))) == 3
        assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan")])
def test_pace_must_be_above_zero(pace: float) -> None:
    """No pace is None, not 0."""
    with pytest.raises(ValueError, match="requests_per_minute"):
        OrdergrooveClient("https://h", "key", requests_per_minute=pace)


@pytest.mark.parametrize("key", ["", "a b", "secret\n", "s\x00ecret", "secr\u00e9t"])
def test_key_that_no_header_can_carry_is_refused_without_being_told(key: str) -> None:
    """The usual cause is a line break that was copied with it."""
    with pytest.raises(WrongKey, match="ORDERGROOVE_API_KEY") as caught:
        OrdergrooveClient("https://h", key, requests_per_minute=None)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "restapi.ordergroove.com", "ftp://h", "https://", "https://u:p@h", "https://h?x=1"]
)
def test_base_address_must_be_one(address: str) -> None:
    """The error names the setting."""
    with pytest.raises(ValueError, match="ORDERGROOVE_BASE_URL"):
        OrdergrooveClient(address, "key", requests_per_minute=None)


def test_errors_survive_a_journey_between_processes() -> None:
    """Dagster's steps run in processes of their own."""
    error = pickle.loads(pickle.dumps(StillFailing("orders, page 1", "6 tries")))
    assert (str(error), error.where, error.detail) == (
        str(StillFailing("orders, page 1", "6 tries")),
        "orders, page 1",
        "6 tries",
    )


@pytest.mark.parametrize(
    ("answer", "policy"),
    [(hang, AT_ONCE), (status(503, Retry_After="50"), RetryPolicy()), (trickle, AT_ONCE)],
    ids=["waiting for an answer", "waiting to try again", "reading a body"],
)
def test_close_ends_a_reading_in_another_thread_at_once(answer: Answer, policy: RetryPolicy) -> None:
    """Otherwise a failed run would go on talking to Ordergroove, beside the run that follows it."""
    ended: list[BaseException] = []

    def read(client: OrdergrooveClient) -> None:
        try:
            list(client.pages(ORDERS, {}))
        except OrdergrooveError as error:
            ended.append(error)

    with ScriptedServer(answer) as server:
        client = reader(server, policy, timeout=30.0)
        thread = threading.Thread(target=read, args=(client,))
        thread.start()
        while not server.asked:
            time.sleep(0.005)
        client.close()
        thread.join(timeout=3)
        assert not thread.is_alive()
    assert [type(error) for error in ended] == [Closed]


def test_closed_client_reads_nothing() -> None:
    """It says so instead of failing in the HTTP library."""
    with ScriptedServer(page("a")) as server:
        client = reader(server)
        client.close()
        with pytest.raises(Closed):
            client.preflight()
    assert server.asked == []

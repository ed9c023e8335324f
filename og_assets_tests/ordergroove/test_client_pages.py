"""Reading a list: every record of every page, verbatim and in order, and the ways in which paging can go wrong."""

import gzip
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from scripted_server import Answer, Handler, ScriptedServer, body, page, status

from og_assets.ordergroove.client import EMPTY_PAGES_IN_A_ROW, OrdergrooveClient
from og_assets.ordergroove.errors import (
    BadParameter,
    CursorExpired,
    CursorLoop,
    ForeignNext,
    MissingPermission,
    NotFoundOnList,
    OrdergrooveError,
    Redirected,
    Refused,
    UnexpectedPage,
    WrongKey,
)
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.page import Page
from og_assets.ordergroove.retry import RetryPolicy

BY_NAME = {object.name: object for object in OBJECTS}
ORDERS = BY_NAME["orders"]
KEY = "k3y-that-must-stay-secret"
AT_ONCE = RetryPolicy(tries=4, first_delay=0.0, max_delay=0.0)


def reader(server: ScriptedServer) -> OrdergrooveClient:
    return OrdergrooveClient(server.url, KEY, requests_per_minute=None, timeout=5.0, retry=AT_ONCE)


def pull(*answers: Answer, object: str = "orders", filters: dict[str, str] | None = None) -> list[Page]:
    with ScriptedServer(*answers) as server, reader(server) as client:
        return list(client.pages(BY_NAME[object], filters or {}))


def records(*answers: Answer, object: str = "orders") -> list[bytes]:
    return [record for read in pull(*answers, object=object) for record in read.records]


def test_all_pages_are_read_in_order_until_next_is_null() -> None:
    """Three pages, each record once, as the very bytes that were sent."""
    read = pull(page("a", "b", next="/orders/?cursor=1"), page("c", next="/orders/?cursor=2"), page("d"))
    assert [record for each in read for record in each.records] == [
        b'{"public_id": "a"}',
        b'{"public_id": "b"}',
        b'{"public_id": "c"}',
        b'{"public_id": "d"}',
    ]
    assert [each.number for each in read] == [1, 2, 3]
    assert read[-1].next_url is None


def test_key_and_version_are_sent_with_every_request() -> None:
    """Ordergroove asks for both headers on `next` as well (API reference: authentication, pagination)."""
    with ScriptedServer(page("a", next="/orders/?cursor=1"), page("b")) as server, reader(server) as client:
        list(client.pages(ORDERS, {}))
    for asked in server.asked:
        assert asked.headers["x-api-key"] == KEY
        assert asked.headers["X-OG-API-VERSION"] == "2"


def test_first_page_is_asked_for_with_filters_own_params_and_the_largest_page() -> None:
    """Products and offer profiles hide rows unless they are asked for all of them."""
    with ScriptedServer(page()) as server, reader(server) as client:
        list(client.pages(ORDERS, {"updated_start": "2025-01-10T12:00:00"}))
        list(client.pages(BY_NAME["products"], {}))
        list(client.pages(BY_NAME["offer_profiles"], {"status": "archived"}, page_size=7))
    assert [asked.path for asked in server.asked] == [
        "/orders/?updated_start=2025-01-10T12%3A00%3A00&page_size=100",
        "/products/?autoship_enabled=all&allow_discontinued=true&page_size=100",
        "/offer_profiles/?status=all&page_size=7",
    ]


def test_next_is_followed_verbatim() -> None:
    """The cursor is opaque: no parameter is added, none is encoded anew."""
    following = "/orders/?cursor=cD0yMDI0LTA0LTEwKzEwJTNBMjElM0EwMQ%3D%3D&updated_start=2024-04-10+1:2&x=%2f"
    with ScriptedServer(page("a", next=following), page("b")) as server, reader(server) as client:
        list(client.pages(ORDERS, {}))
    assert server.asked[1].path == following


def test_next_without_a_host_stays_on_ours() -> None:
    """A sample of the reference shows `?page=1`: it is read as relative to the page it came with."""
    with ScriptedServer(page("a", next="?cursor=1"), page("b")) as server, reader(server) as client:
        list(client.pages(ORDERS, {}))
    assert server.asked[1].path == "/orders/?cursor=1"


def test_pull_goes_on_from_a_next_of_an_earlier_one() -> None:
    """The filters are in that address already; pages count from 1 again."""
    with ScriptedServer(page("b")) as server, reader(server) as client:
        first_url = server.url + "/orders/?cursor=1"
        assert [read.number for read in client.pages(ORDERS, {"updated_start": "x"}, first_url=first_url)] == [1]
    assert server.asked[0].path == "/orders/?cursor=1"


def test_page_says_what_it_took() -> None:
    """Sizes, clocks and tries are for the sync log; the server's `Date` is for the watermark."""
    content = gzip.compress(b'{"results":[{"public_id":"a"}],"next":null}')
    before = datetime.now(UTC)
    [read] = pull(status(429), status(503), status(429), body(content, Content_Encoding="gzip"))
    after = datetime.now(UTC)
    assert (read.requests, read.retries, read.body_bytes) == (4, {"429": 2, "503": 1}, 43)
    assert before <= read.fetched_at <= after
    assert read.server_date is not None
    assert read.server_date.utcoffset() == timedelta(0)
    assert abs(read.server_date - before) < timedelta(seconds=5)
    assert 0 < read.seconds < 5


def test_server_without_a_readable_date_is_no_error() -> None:
    """The caller falls back to our clock."""

    def undated(handler: Handler) -> None:
        content = b'{"results":[]}'
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        )
        handler.close_connection = True

    assert pull(undated)[0].server_date is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"results": [{"public_id": 1}]}', [b'{"public_id": 1}']),
        (b'{"count": 1, "next": null, "previous": "x", "results": [{"public_id": 1}]}', [b'{"public_id": 1}']),
        (b'[{"public_id": 1}, {"public_id": 2}]', [b'{"public_id": 1}', b'{"public_id": 2}']),
        (b' {"public_id": 1, "x": []}\n', [b'{"public_id": 1, "x": []}']),
        (b'\xef\xbb\xbf{"results": [{"public_id": 1}]}', [b'{"public_id": 1}']),
        (b"[]", []),
        (b'{"results": [], "next": ""}', []),
    ],
    ids=["results only", "count envelope", "array", "bare object", "byte order mark", "empty array", "empty next"],
)
def test_every_documented_shape_of_a_list_is_read(content: bytes, expected: list[bytes]) -> None:
    """The reference shows five shapes for the same kind of list."""
    assert records(body(content)) == expected


@pytest.mark.parametrize(
    "odd",
    [
        b'{"x": NaN}',
        b'{"x": -Infinity}',
        b'{"x": "\xff\xfe"}',
        b'{"x": "\\ud800, and \\" too"}',
        b'{"x": "a\x00\nb"}',
        b'{"x\\q": 01}',
        b"[" * 20_000 + b"]" * 20_000,
        b'{"x": ' + b"9" * 6_000 + b"}",
        b"null",
        b'"results"',
    ],
    ids=["NaN", "-Infinity", "UTF-8", "surrogate", "control", "escape", "nesting", "long number", "null", "string"],
)
@pytest.mark.parametrize("shape", [b'{"next": null, "results": [%s]}', b"[%s]"], ids=["envelope", "array"])
def test_one_odd_record_does_not_cost_its_neighbours(shape: bytes, odd: bytes) -> None:
    """The record is delivered as it came, for quarantine; the sound ones before and after it are too."""
    sound = b'{"public_id": "a", "text": "a ] } , [ \\\\"}'
    content = shape % b", ".join([sound, odd, sound])
    with ScriptedServer(body(content)) as server, reader(server) as client:
        assert [record for read in client.pages(ORDERS, {}) for record in read.records] == [sound, odd, sound]
    assert len(server.asked) == 1


def test_next_is_found_on_a_page_with_an_odd_record() -> None:
    """Paging goes on behind it."""
    first = b'{"results": [{"x": NaN}], "next": "?cursor=\\u0031"}'
    assert records(body(first), page("b")) == [b'{"x": NaN}', b'{"public_id": "b"}']


@pytest.mark.parametrize(
    "content",
    [
        b'{"results": [{"public_id": 1}], "next": null, "results": [{"public_id": 2}]}',
        b'{"resul\\u0074s": [{"public_id": 1}], "results": [{"public_id": 2}]}',
        b'{"next": null, "results": [{"public_id": 1}, {"public_id": 2}], "results": [], "next": null}',
    ],
    ids=["twice", "escaped", "the last one empty"],
)
def test_results_that_are_there_twice_are_all_delivered(content: bytes) -> None:
    """A decoder would drop the first of two without a word."""
    assert records(body(content)) == [b'{"public_id": 1}', b'{"public_id": 2}']


@pytest.mark.parametrize(
    "content",
    [
        b'{"results": {"public_id": 1}}',
        b'{"results": [], "next": "\xff\xfe"}',
        b'{"results": [], "next": "?cursor=1", "next": "?cursor=2"}',
        b'{"results": [], "n\\u0065xt": "?cursor=1", "next": null}',
        b'{"results": [], "results": null}',
        b'{"results": null, "public_id": 1}',
        b'{"results": [], "next": 3}',
        b'{"detail": "something"}',
        b"{}",
        b"null",
        b'"text"',
        b"3",
    ],
)
def test_sound_json_that_is_no_page_is_refused_at_once(content: bytes) -> None:
    """Read as an empty page it would look like "nothing changed"; asked again it would be the same."""
    with ScriptedServer(body(content)) as server, reader(server) as client:
        with pytest.raises(UnexpectedPage, match="orders, page 1"):
            list(client.pages(ORDERS, {}))
    assert len(server.asked) == 1


def test_object_with_several_key_fields_needs_all_of_them_to_be_a_page() -> None:
    """A product group is known by its type and its name."""
    both = b'{"group_type": "a", "name": "b"}'
    assert records(body(both), object="product_groups") == [both]
    with pytest.raises(UnexpectedPage):
        records(body(b'{"name": "b"}'), object="product_groups")


def test_empty_page_with_a_next_is_not_the_end() -> None:
    """Only `next` says where a list ends."""
    assert records(page(next="/orders/?cursor=1"), page("b")) == [b'{"public_id": "b"}']


def test_empty_pages_do_not_go_on_for_ever() -> None:
    """A server that keeps inventing cursors is stopped."""

    def invent(handler: Handler) -> None:
        page(next=f"/orders/?cursor={len(handler.script.asked)}")(handler)

    with ScriptedServer(invent) as server, reader(server) as client:
        with pytest.raises(CursorLoop, match=f"{EMPTY_PAGES_IN_A_ROW} empty pages"):
            list(client.pages(ORDERS, {}))
    assert len(server.asked) == EMPTY_PAGES_IN_A_ROW


def test_pages_that_lead_back_are_a_loop() -> None:
    """A to B to A: the pages are delivered once, then the loop is named."""
    a, b = page("a", next="/orders/?cursor=b"), page("b", next="/orders/?cursor=a")
    with ScriptedServer(page("first", next="/orders/?cursor=a"), a, b, a) as server, reader(server) as client:
        pages = client.pages(ORDERS, {})
        assert [next(pages).number for _ in range(3)] == [1, 2, 3]
        with pytest.raises(CursorLoop, match="orders, page 4"):
            next(pages)
    assert len(server.asked) == 3


def test_page_that_leads_to_itself_is_a_loop() -> None:
    """The first address counts too."""
    following = "/orders/?page_size=100"
    with pytest.raises(CursorLoop):
        pull(page("a", next=following))


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another host that would gladly take the key."""
    with ScriptedServer(page("stolen")) as server:
        yield server


@pytest.mark.parametrize(
    "following",
    [
        "http://127.0.0.1:{port}/orders/?cursor=1",
        "//127.0.0.1:{port}/orders/",
        "http://localhost:{own}/orders/",
        "https://127.0.0.1:{own}/orders/",
        "http://127.0.0.1:{own}@127.0.0.1:{port}/orders/",
        "http://user:password@127.0.0.1:{own}/orders/",
        "http://127.0.0.1:{own}\\@127.0.0.1:{port}/orders/",
        "ftp://127.0.0.1:{own}/orders/",
    ],
)
def test_key_never_follows_a_next_to_another_place(elsewhere: ScriptedServer, following: str) -> None:
    """Scheme, host and port must be ours; nothing at all is sent to any other."""
    with ScriptedServer() as server, reader(server) as client:
        own, port = (address.rsplit(":", 1)[1] for address in (server.url, elsewhere.url))
        server.answers = [page("a", next=following.format(own=own, port=port))]
        pages = client.pages(ORDERS, {})
        assert next(pages).records == [b'{"public_id": "a"}']
        with pytest.raises(ForeignNext, match="orders, page 2"):
            next(pages)
        with pytest.raises(ForeignNext):
            next(client.pages(ORDERS, {}, first_url=elsewhere.url + "/orders/"))
    assert elsewhere.asked == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(elsewhere: ScriptedServer, code: int) -> None:
    """The error names the setting that has to change."""
    with pytest.raises(Redirected, match=f"HTTP {code} to {elsewhere.url}.*ORDERGROOVE_BASE_URL"):
        pull(status(code, Location=elsewhere.url + "/orders/?email=someone"))
    assert elsewhere.asked == []


@pytest.mark.parametrize("following", ["http://[bad", "https://h/\\u0000", "http://h:99999999/", "x" * 70_000])
def test_next_that_is_no_address_is_an_error_of_ours(following: str) -> None:
    """Not one of the HTTP library's."""
    content = b'{"results": [], "next": "%s"}' % following.encode()
    with pytest.raises(OrdergrooveError, match="orders, page 2"):
        pull(body(content))


@pytest.mark.parametrize(
    ("code", "error", "setting"),
    [
        (400, BadParameter, "objects.py"),
        (401, WrongKey, "ORDERGROOVE_API_KEY"),
        (403, MissingPermission, "Bulk Operations"),
        (404, NotFoundOnList, "ORDERGROOVE_BASE_URL"),
        (405, Refused, "ORDERGROOVE_BASE_URL"),
        (204, UnexpectedPage, "ORDERGROOVE_BASE_URL"),
    ],
)
def test_final_answers_are_errors_with_advice_and_without_retries(
    code: int, error: type[OrdergrooveError], setting: str
) -> None:
    """400, 401, 403 and 404 are never tried again; each says what to look at."""
    with ScriptedServer(status(code)) as server, reader(server) as client:
        with pytest.raises(error, match=f"orders, page 1.*HTTP {code}.*{setting}") as caught:
            list(client.pages(ORDERS, {}))
    assert type(caught.value) is error
    assert len(server.asked) == 1


def test_bad_parameter_names_the_field_and_none_of_its_values() -> None:
    """What a 400 says about a field may repeat an e-mail address."""
    answer = json.dumps({"updated_start": "'someone@example.com' is no time", "Some One": "x"}).encode()
    with pytest.raises(BadParameter, match=r"HTTP 400, updated_start\)") as caught:
        pull(status(400, answer))
    assert "some" not in str(caught.value).lower()


@pytest.mark.parametrize("code", [400, 404])
def test_refused_next_is_an_expired_cursor(code: int) -> None:
    """It is no error of configuration: the window starts again."""
    with pytest.raises(CursorExpired, match=r"orders, page 2.*first page"):
        pull(page("a", next="/orders/?cursor=1"), status(code))
    with ScriptedServer(status(code)) as server, reader(server) as client, pytest.raises(CursorExpired):
        next(client.pages(ORDERS, {}, first_url=server.url + "/orders/?cursor=1"))


def test_neither_key_nor_bodies_are_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level of every library, through retries and a final error."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(OrdergrooveError) as caught:
        pull(status(429), body(b'{"email": "someone@example.com"'))
    assert "429" in caplog.text
    chain: list[BaseException] = [caught.value]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    told = caplog.text + "".join(map(repr, chain)) + str(caught.value)
    assert KEY not in told
    assert "someone" not in told

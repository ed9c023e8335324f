"""Each way to misbehave, as a client sees it; afterwards the server is as good as before."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from og_assets.emulator import Emulator, Fault, World
from og_assets.emulator import effects as fx


@pytest.fixture
def orders(world: World) -> list[str]:
    """All order ids in order of creation."""
    return world.keys("orders")


def ids(response: httpx.Response) -> list[str]:
    """The order ids of a page."""
    return [row["public_id"] for row in response.json()["results"]]


@pytest.fixture(autouse=True)
def usable_afterwards(emulator: Emulator, client: httpx.Client, orders: list[str]) -> Iterator[None]:
    """Whatever a test did, the emulator then answers as ever."""
    yield
    emulator.faults.clear()
    assert ids(client.get("/orders/")) == orders[:10]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 423, 429, 500, 502, 503, 504])
def test_a_status_comes_with_its_headers(emulator: Emulator, client: httpx.Client, code: int) -> None:
    """Once, with Retry-After; the next request is served."""
    emulator.faults.add(Fault(fx.Status(code, headers={"Retry-After": "3"}), "orders", times=1))
    response = client.get("/orders/")
    assert (response.status_code, response.headers["Retry-After"]) == (code, "3")
    assert client.get("/orders/").status_code == 200


def test_faults_choose_their_requests(emulator: Emulator, client: httpx.Client) -> None:
    """By object, by number of the request, by page, by cursor, by dice that fall alike for a seed."""
    emulator.faults.add(
        Fault(fx.Status(500), "customers"),
        Fault(fx.Status(501), "orders", nth=2),
        Fault(fx.Status(502), "items", page=2),
        Fault(fx.Status(503), "/addresses/", cursor=True),
        Fault(fx.Status(504), "orders", retrieve=True),
    )
    assert client.get("/customers/").status_code == 500
    assert [client.get("/orders/").status_code for _ in range(3)] == [200, 501, 200]
    second = client.get("/items/").json()["next"]
    assert client.get(second).status_code == 502
    assert client.get(client.get("/addresses/").json()["next"]).status_code == 503
    emulator.faults.clear()
    runs = []
    for _ in range(2):
        fault = emulator.faults.add(Fault(fx.Status(500), "orders", probability=0.5, seed=4))
        runs.append([client.get("/orders/").status_code for _ in range(12)])
        emulator.faults.remove(fault)
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_stalled_answer_times_out_and_is_released(emulator: Emulator, client: httpx.Client) -> None:
    """Headers arrive, the body does not."""
    emulator.faults.add(Fault(fx.Stall(), "orders", times=1))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/orders/", timeout=0.2)


def test_a_truncated_body_is_shorter_than_promised(emulator: Emulator, client: httpx.Client) -> None:
    """Content-Length tells more than comes."""
    emulator.faults.add(Fault(fx.Truncate(), "orders", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/orders/")


@pytest.mark.parametrize("midway", [False, True])
def test_a_reset_connection_is_an_error(emulator: Emulator, client: httpx.Client, midway: bool) -> None:
    """Before the first byte or in the middle."""
    emulator.faults.add(Fault(fx.Reset(midway), "orders", times=1))
    with pytest.raises(httpx.ReadError):
        client.get("/orders/")


def test_html_and_broken_gzip_are_no_json(emulator: Emulator, client: httpx.Client) -> None:
    """Both come with status 200."""
    emulator.faults.add(Fault(fx.Html(), "orders", nth=1), Fault(fx.BrokenGzip(), "orders", nth=2))
    assert client.get("/orders/").headers["Content-Type"].startswith("text/html")
    with pytest.raises(httpx.DecodingError):
        client.get("/orders/")


def test_records_are_spliced_in_as_they_are(emulator: Emulator, client: httpx.Client) -> None:
    """Well-formed oddities and broken JSON alike."""
    emulator.faults.add(
        Fault(fx.Splice(['{"public_id": null}', "17"], at="replace"), "orders", nth=1),
        Fault(fx.Splice(['{"broken": ']), "orders", nth=2),
    )
    assert client.get("/orders/").json()["results"][:2] == [{"public_id": None}, 17]
    with pytest.raises(ValueError, match=r"Expecting|expected|delimiter"):
        client.get("/orders/").json()


def test_a_duplicate_page_loses_nothing(emulator: Emulator, client: httpx.Client, orders: list[str]) -> None:
    """The page before comes twice, then the walk goes on where it was."""
    emulator.faults.add(Fault(fx.DuplicatePage(), "orders", page=2, times=1))
    first = client.get("/orders/")
    again = client.get(first.json()["next"])
    second = client.get(again.json()["next"])
    assert again.json()["next"] != first.json()["next"]
    assert ids(first) + ids(again) + ids(second) == orders[:10] + orders[:10] + orders[10:20]


def test_an_empty_page_has_a_next(emulator: Emulator, client: httpx.Client, orders: list[str]) -> None:
    """The walk goes on behind it."""
    emulator.faults.add(Fault(fx.EmptyPage(), "orders", page=1, times=1))
    empty = client.get("/orders/?page_size=5")
    assert ids(empty) == []
    assert ids(client.get(empty.json()["next"])) == orders[:5]


@pytest.mark.parametrize(("rows", "expected"), [(-2, slice(8, 20)), (3, slice(13, 20))])
def test_a_shifted_page_repeats_or_skips(
    emulator: Emulator,
    client: httpx.Client,
    orders: list[str],
    rows: int,
    expected: slice,
) -> None:
    """Negative repeats the end of the page before, positive loses rows."""
    emulator.faults.add(Fault(fx.ShiftPage(rows), "orders", page=2))
    assert ids(client.get(client.get("/orders/").json()["next"])) == orders[expected]


def test_next_can_lead_in_circles_or_away(emulator: Emulator, client: httpx.Client) -> None:
    """To itself, back and forth, or to another host."""
    fault = emulator.faults.add(Fault(fx.SameNext(), "orders", page=2))
    first = client.get("/orders/").json()["next"]
    assert client.get(first).json()["next"] == first
    emulator.faults.remove(fault)
    fault = emulator.faults.add(Fault(fx.BackNext(), "orders", cursor=True))
    first = client.get("/orders/").json()["next"]
    assert client.get(first).json()["next"] == f"{emulator.url}/orders/"
    emulator.faults.remove(fault)
    emulator.faults.add(Fault(fx.ForeignNext("https://elsewhere.example"), "orders"))
    assert client.get("/orders/").json()["next"].startswith("https://elsewhere.example/orders/?cursor=")


def test_half_a_list_can_be_missing(emulator: Emulator, client: httpx.Client, orders: list[str]) -> None:
    """Nothing in the answer tells."""
    emulator.faults.add(Fault(fx.DropHalf(), "orders"))
    assert ids(client.get("/orders/")) == orders[:10:2]


@pytest.mark.parametrize("code", [400, 404])
def test_a_cursor_can_expire(emulator: Emulator, client: httpx.Client, code: int) -> None:
    """Only requests with a cursor are refused."""
    emulator.faults.add(Fault(fx.expired_cursor(code), "orders", cursor=True))
    assert client.get(client.get("/orders/").json()["next"]).status_code == code


def test_the_world_can_change_around_a_page(emulator: Emulator, client: httpx.Client, orders: list[str]) -> None:
    """Before: the page shows the change. After: it does not yet."""

    def tick(world: World, request: object) -> None:
        world.advance(timedelta(minutes=1))
        world.touch("orders", orders[0])

    def stamp() -> str:
        return str(client.get("/orders/").json()["results"][0]["updated"])

    old = stamp()
    fault = emulator.faults.add(Fault(fx.Call(tick, "after"), "orders", times=1))
    assert stamp() == old
    new = stamp()
    assert new != old
    emulator.faults.remove(fault)
    emulator.faults.add(Fault(fx.Call(tick), "orders", times=1))
    assert stamp() != new


def test_requests_are_remembered_without_the_key(emulator: Emulator, client: httpx.Client) -> None:
    """Object, query and status of each, for tests to look at."""
    client.get("/orders/?status=1")
    served = emulator.requests[-1]
    assert (served.request.object, served.request.query, served.status) == ("orders", {"status": ["1"]}, 200)
    assert "x-api-key" not in served.request.headers
    assert emulator.served["orders"] == 1
    assert "emulator-key" not in repr(served)


def test_stopping_ends_stalled_connections_and_threads(world: World) -> None:
    """Neither a silent client nor a stall keeps the emulator alive; a port can be used again at once."""
    before = threading.active_count()
    emulator = Emulator(world).start()
    asked = threading.Event()
    emulator.faults.add(Fault(fx.Call(lambda world, request: asked.set()), "orders"), Fault(fx.Stall(), "orders"))
    idle = httpx.Client(base_url=emulator.url)
    idle.get("/customers/")
    failures: list[Exception] = []

    def stall() -> None:
        try:
            idle.get("/orders/")
        except httpx.HTTPError as error:
            failures.append(error)

    stalled = threading.Thread(target=stall)
    stalled.start()
    assert asked.wait(5)
    emulator.stop()
    stalled.join(timeout=5)
    idle.close()
    assert len(failures) == 1
    assert threading.active_count() == before
    with emulator, httpx.Client(base_url=emulator.url) as client:
        assert client.get("/__emulator__/stats").status_code == 200


def test_the_world_is_driven_over_http_without_a_key(emulator: Emulator, world: World) -> None:
    """Advance, a simulated day, the truth as JSON lines."""
    now = world.now
    with httpx.Client(base_url=f"{emulator.url}/__emulator__") as control:
        assert control.post("/advance", json={"seconds": 60}).status_code == 200
        assert world.now == now + timedelta(minutes=1)
        control.post("/simulate_day")
        assert world.now == now + timedelta(days=1, minutes=1)
        assert len(control.get("/truth/orders").text.splitlines()) == world.count("orders")
        assert control.get("/stats").json()["now"] == world.now.isoformat()
        assert control.post("/advance", json={"seconds": -1}).status_code == 400
        assert control.get("/elsewhere").status_code == 404

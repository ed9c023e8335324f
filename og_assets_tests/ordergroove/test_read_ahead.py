"""Reading ahead: the same pages in the same order, a bounded distance ahead, and an end in every case."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from scripted_server import ScriptedServer, hang, page

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.read_ahead import read_ahead

ORDERS = next(object for object in OBJECTS if object.name == "orders")


def fetchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """After every test the fetch thread is gone."""
    yield
    assert within(2, lambda: not fetchers())


class Source:
    """Numbers from 0, counted as they are taken; closed when it says so."""

    def __init__(self, count: int, error: BaseException | None = None) -> None:
        self.count, self.error = count, error
        self.taken = 0
        self.closed = False

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self.count):
                self.taken += 1
                yield number
            if self.error:
                raise self.error
        finally:
            self.closed = True


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 1000])
def test_everything_arrives_in_order(count: int, depth: int) -> None:
    """However the two sides take turns."""
    source = Source(count)
    assert list(read_ahead(iter(source), depth)) == list(range(count))
    assert source.closed


def test_next_page_is_fetched_while_the_last_one_is_worked_on() -> None:
    """The source gets ahead by the depth, the one in hand and the one it holds, and no further."""
    source = Source(1000)
    pages = read_ahead(iter(source), depth=3)
    assert next(pages) == 0
    assert within(2, lambda: source.taken == 5)
    assert not within(0.05, lambda: source.taken > 5)
    pages.close()  # type: ignore[attr-defined]


def test_error_of_the_source_arrives_after_its_pages() -> None:
    """What was fetched before the fault is not lost, and the fault keeps its type."""
    fault = LookupError("page 4")
    got: list[int] = []
    with pytest.raises(LookupError, match="page 4") as caught:
        got.extend(number for number in read_ahead(iter(Source(3, fault))))
    assert caught.value is fault


def test_pages_before_an_error_are_delivered() -> None:
    """One by one, the error last."""
    pages = read_ahead(iter(Source(3, LookupError())))
    assert [next(pages) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError):
        next(pages)


@pytest.mark.parametrize("taken", [1, 2, 5])
def test_consumer_that_stops_early_ends_the_thread(taken: int) -> None:
    """Also when it stands before a full queue."""
    source = Source(10**9)
    pages = read_ahead(iter(source), depth=2)
    for _ in range(taken):
        next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert within(2, lambda: source.closed)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_consumer_that_fails_ends_the_thread(error: type[BaseException]) -> None:
    """A load that raises, or Ctrl-C, takes the reader with it."""
    source = Source(10**9)

    def consume() -> None:
        for number in read_ahead(iter(source)):
            if number == 3:
                raise error

    with pytest.raises(error):
        consume()
    assert within(2, lambda: source.closed)


def test_nothing_is_fetched_before_the_first_page_is_asked_for() -> None:
    """An iterator that is thrown away unused leaves no thread behind."""
    source = Source(3)
    read_ahead(iter(source))
    assert source.taken == 0
    assert fetchers() == []


def test_any_iterator_can_be_read_ahead() -> None:
    """It need not be a generator."""
    assert list(read_ahead(iter([1, 2, 3]))) == [1, 2, 3]


def test_closing_the_client_ends_a_fetch_that_hangs() -> None:
    """The consumer leaves while the next answer is awaited: the end of the `with` block cuts the wait short."""
    with ScriptedServer(page("a", next="/orders/?cursor=1"), hang) as server:
        with OrdergrooveClient(server.url, "key", requests_per_minute=None, timeout=30.0) as client:
            pages = read_ahead(client.pages(ORDERS, {}))
            assert next(pages).records == [b'{"public_id": "a"}']
            assert within(2, lambda: len(server.asked) == 2)
            pages.close()  # type: ignore[attr-defined]
            assert fetchers() != []
        assert within(2, lambda: not fetchers())


def test_page_is_held_back_until_the_next_request_is_on_its_way() -> None:
    """And is then there, though the answer to that request is not."""
    sent: list[Callable[[], None]] = []
    held_back = threading.Event()
    answered = threading.Event()
    got: list[int] = []

    def source() -> Iterator[int]:
        yield 1
        if not within(0.1, lambda: bool(got)):
            held_back.set()
        sent[0]()
        answered.wait(10)

    for number in read_ahead(source(), when_sent=sent.append):
        got.append(number)
        assert held_back.is_set()
        answered.set()
    assert got == [1]


def test_page_is_worked_on_while_the_next_answer_is_awaited() -> None:
    """The client tells when a request is on its way, and not only when it is answered."""
    with (
        ScriptedServer(page("a", next="/orders/?cursor=1"), hang) as server,
        OrdergrooveClient(server.url, "key", requests_per_minute=None, timeout=1.0) as client,
    ):
        pages = read_ahead(client.pages(ORDERS, {}), when_sent=client.when_sent)
        assert next(pages).records == [b'{"public_id": "a"}']
        assert within(2, lambda: len(server.asked) == 2)
        assert not server.released.is_set()
        pages.close()

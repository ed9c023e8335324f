"""What the network and the server do: refusals, storms, broken and slow bodies, cursors that lead nowhere."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from og_assets.emulator import effects as fx
from og_assets.emulator.effects import Effect
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import EMULATOR_KEY
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import (
    CursorExpired,
    CursorLoop,
    ForeignNext,
    OrdergrooveError,
    StillFailing,
    UnexpectedPage,
    WrongKey,
)
from og_assets.ordergroove.retry import RetryPolicy
from og_assets_tests.faults.rig import Rig
from og_assets_tests.ordergroove.scripted_server import ScriptedServer, page

Inject = Callable[[Rig], None]
LISTED = ("orders", "items", "customers", "payments", "products")
"""Objects with two pages or more: three that are read by what changed, two that are read whole."""


def passes_or_stays(make: Callable[[], Effect], error: type[OrdergrooveError] = StillFailing) -> Inject:
    """An effect on one page, a few times, which costs tries, or for good, which ends the pull with its error."""

    def inject(rig: Rig) -> None:
        times = rig.dice.choice([1, 4, None])
        rig.emulator.faults.add(Fault(make(), rig.object.name, page=rig.any_page(), times=times))
        rig.pull_expecting(None if times else error)

    return inject


def storm(retry_after: str | None) -> Inject:
    """More than half of all requests get 429, as long as the storm lasts."""

    def inject(rig: Rig) -> None:
        value = retry_after
        if value == "date":
            value = format_datetime(rig.world.now + timedelta(seconds=2), usegmt=True)
        effect = fx.Status(429, headers={"Retry-After": value} if value else {})
        storm = Fault(effect, rig.object.name, probability=0.6, seed=rig.dice.randrange(10**6), times=40)
        rig.emulator.faults.add(Fault(effect, rig.object.name, nth=1), storm)
        rig.pull_expecting(None, StillFailing)

    return inject


def ends(make: Callable[[], Effect], error: type[OrdergrooveError], *, cursor: bool | None = None) -> Inject:
    """An effect on one page that no retry would change."""

    def inject(rig: Rig) -> None:
        page = rig.any_page(2 if cursor else 1)
        rig.emulator.faults.add(Fault(make(), rig.object.name, page=page, cursor=cursor))
        rig.pull_expecting(error)

    return inject


def stalled(rig: Rig) -> None:
    """The headers of a page come, then nothing; a client of little patience gives up, or is served in the end."""
    times = rig.dice.choice([1, None])
    rig.emulator.faults.add(Fault(fx.Stall(), rig.object.name, page=rig.any_page(), times=times))
    with impatient(rig, timeout=2.0) as client:
        rig.pull_expecting(None if times else StillFailing, client=client)


def slow(rig: Rig) -> None:
    """A body trickles in: within the budget it is read, beyond it the pull ends, however steadily bytes arrive."""
    endless = rig.dice.random() < 0.5
    effect = fx.Trickle(pieces=10_000 if endless else 10, pause=0.01)
    rig.emulator.faults.add(Fault(effect, rig.object.name, page=rig.any_page()))
    with impatient(rig, budget=4.0) as client:
        rig.pull_expecting(StillFailing if endless else None, client=client)


def impatient(rig: Rig, timeout: float = 30.0, budget: float = 300.0) -> OrdergrooveClient:
    """A client with other bounds than the usual ones."""
    retry = RetryPolicy(tries=3, first_delay=0.001, max_delay=0.01, budget=budget)
    return OrdergrooveClient(rig.emulator.url, EMULATOR_KEY, requests_per_minute=None, timeout=timeout, retry=retry)


def next_elsewhere(rig: Rig) -> None:
    """Someone listens where `next` leads, and never hears of us, let alone of the key."""
    with ScriptedServer(page("stolen")) as listener:
        port = listener.url.rpartition(":")[2]
        origin = rig.dice.choice([listener.url, f"http://localhost:{port}", f"http://127.0.0.1.localhost:{port}"])
        fault = Fault(fx.ForeignNext(origin), rig.object.name, page=rig.any_page(1, rig.pages - 1))
        rig.emulator.faults.add(fault)
        rig.pull_expecting(ForeignNext)
        assert listener.asked == []


def circle(rig: Rig) -> None:
    """A page leads to itself, or back to the one before it."""
    effect = rig.dice.choice([fx.SameNext(), fx.BackNext()])
    rig.emulator.faults.add(Fault(effect, rig.object.name, page=rig.any_page(2, rig.pages)))
    rig.pull_expecting(CursorLoop)


def empty_pages(rig: Rig) -> None:
    """Some pages come without a record and with a `next`: that is not the end."""
    rig.emulator.faults.add(Fault(fx.EmptyPage(), rig.object.name, page=rig.any_page(), times=rig.dice.randint(1, 20)))
    rig.pull_expecting(None)


def expired_cursor(rig: Rig) -> None:
    """The pull starts over once, and the second time it ends."""
    times = rig.dice.choice([1, 2])
    effect = fx.expired_cursor(rig.dice.choice([400, 404]))
    fault = Fault(effect, rig.object.name, page=rig.any_page(2, rig.pages), cursor=True, times=times)
    rig.emulator.faults.add(fault)
    rig.pull_expecting(None if times == 1 else CursorExpired)


FAULTS: dict[str, Inject] = {
    "429 storm, Retry-After in seconds": storm("2"),
    "429 storm, Retry-After as a date": storm("date"),
    "429 storm without Retry-After": storm(None),
    "429 storm, absurd Retry-After": storm("99999999999999"),
    **{f"{code}": passes_or_stays(lambda code=code: fx.Status(code)) for code in (423, 500, 502, 503, 504)},  # type: ignore[misc]
    "401 in the middle": ends(lambda: fx.Status(401), WrongKey),
    "HTML with status 200": passes_or_stays(fx.Html, UnexpectedPage),
    "body cut off": passes_or_stays(fx.Truncate),
    "connection reset": passes_or_stays(lambda: fx.Reset(midway=True)),
    "body stalled": stalled,
    "body that trickles in": slow,
    "broken gzip": passes_or_stays(fx.BrokenGzip, UnexpectedPage),
    "cursor A-A or A-B-A": circle,
    "empty pages with a next": empty_pages,
    "next on another host": next_elsewhere,
    "expired cursor": expired_cursor,
}

"""The emulator: a world, its API, its faults and its server; the order of an exchange; how it starts and stops."""

import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from time import monotonic
from types import FrameType, TracebackType
from typing import Self

from og_assets.emulator import control
from og_assets.emulator.api import FILTER_ZONE, Api, KeyPermission
from og_assets.emulator.connections import Reply, Server
from og_assets.emulator.effects import Exchange
from og_assets.emulator.faults import Faults
from og_assets.emulator.messages import Request
from og_assets.emulator.render import Dialect
from og_assets.emulator.routes import parse
from og_assets.emulator.shop.clock import STAMP_ZONE
from og_assets.emulator.world import World

EMULATOR_KEY = "emulator-key"
"""The API key that works unless an emulator is given others; it has Bulk Operations permission."""

REMEMBERED_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Served:
    """A request that was served, and the status that it got (or would have, had the connection lasted)."""

    request: Request
    status: int


class Emulator:
    """An Ordergroove on loopback: `with Emulator(World()) as emulator: httpx.get(emulator.url + "/orders/")`.

    `keys` maps API keys to what they may read. `stamp_zone` is the zone of the wall clocks in bodies,
    `filter_zone` the one in which filters are read (the documents disagree, so each may be any zone).
    `dialect` is the spelling of values, `latency` the seconds that every answer takes longer. `requests` holds
    what was asked, oldest first.
    """

    def __init__(
        self,
        world: World,
        *,
        keys: Mapping[str, KeyPermission] | None = None,
        stamp_zone: tzinfo = STAMP_ZONE,
        filter_zone: tzinfo = FILTER_ZONE,
        port: int = 0,
        latency: float = 0.0,
        dialect: Dialect = "strict",
    ) -> None:
        self.world = world
        self.api = Api(
            world,
            {EMULATOR_KEY: KeyPermission()} if keys is None else keys,
            stamp_zone=stamp_zone,
            filter_zone=filter_zone,
            dialect=dialect,
        )
        self.faults = Faults()
        self.latency = latency
        self.requests: deque[Served] = deque(maxlen=REMEMBERED_REQUESTS)
        self.stopping = threading.Event()
        self._port = port
        self._server: Server | None = None
        self._last: dict[str, tuple[list[str], str]] = {}

    @property
    def port(self) -> int:
        """The port that is listened on; before the start, the one asked for."""
        return self._port if self._server is None else int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def served(self) -> Counter[str]:
        """How many requests each object got."""
        return Counter(served.request.object or served.request.path for served in list(self.requests))

    def start(self) -> Self:
        """Listen and serve in the background; returns itself."""
        self.stopping.clear()
        self._server = Server(self._port, self.respond)
        self._port = self.port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="emulator", daemon=True).start()
        return self

    def stop(self) -> None:
        """Close every connection, end every thread; harmless when it does not run."""
        if self._server is None:
            return
        self.stopping.set()
        self.faults.clear()
        self._server.shutdown()
        self._server.close()
        self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What to send for a request, after all effects that strike it have had their say on it."""
        request = parse(method, target, headers, self.url, self.world.now)
        exchange = Exchange(request, self.world, self.stopping, lambda: self.api.again(request))
        if request.path.startswith(control.PREFIX):
            told = control.answer(self.world, request, body, self.api.stamp_zone, self.served)
            return told, exchange, []
        exchange.last_page, exchange.last_url = self._last.get(request.object or "", ([], None))
        effects = self.faults.strike(request)
        if self.latency:
            self.stopping.wait(self.latency)
        for effect in effects:
            effect.before(exchange)
        replaced = (effect.replace(exchange) for effect in effects)
        answer = next((found for found in replaced if found is not None), None) or self.api.answer(request)
        if answer.page is not None:
            self._last[request.object or ""] = (list(answer.page.records), request.url())
            for effect in effects:
                effect.alter(exchange, answer.page)
        for effect in effects:
            effect.after(exchange)
        self.requests.append(Served(request, answer.status))
        return answer, exchange, effects


def run(emulator: Emulator, *, each_tick: Callable[[], object] = lambda: None) -> None:
    """Serve until SIGINT or SIGTERM, while the world's clock goes with the real one; prints URL and key.

    `each_tick` is called twice a second.
    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    former = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with emulator:
            print(f"Ordergroove emulator on {emulator.url}  (x-api-key: {EMULATOR_KEY})", flush=True)
            last = monotonic()
            each_tick()
            while not stop.wait(0.5):
                passed = int(monotonic() - last)
                emulator.world.advance(timedelta(seconds=passed))
                last += passed
                each_tick()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)

"""The emulator as a server: connections, the order of an exchange, and how it starts and stops."""

import signal
import socket
import struct
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from http.server import ThreadingHTTPServer
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Self

from og_assets.emulator.api import FILTER_ZONE, Api, KeyPermission
from og_assets.emulator.effects import Effect, Exchange
from og_assets.emulator.faults import Faults
from og_assets.emulator.handler import Handler
from og_assets.emulator.messages import Answer, Request, Shape
from og_assets.emulator.render import Dialect
from og_assets.emulator.world import DEFAULT_NOW, STAMP_ZONE, World

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
    `body_shape` gives the wrapping of a list by object name, `dialect` the spelling of values,
    `latency` the seconds that every answer takes longer. `requests` holds what was asked, oldest first.
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
        body_shape: Mapping[str, Shape] | None = None,
    ) -> None:
        self.world = world
        self.api = Api(
            world,
            {EMULATOR_KEY: KeyPermission()} if keys is None else keys,
            stamp_zone=stamp_zone,
            filter_zone=filter_zone,
            dialect=dialect,
            body_shape=body_shape,
        )
        self.faults = Faults()
        self.latency = latency
        self.requests: deque[Served] = deque(maxlen=REMEMBERED_REQUESTS)
        self.stopping = threading.Event()
        self._port = port
        self._server: _Server | None = None
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
        self._server = _Server(("127.0.0.1", self._port), self)
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

    def answer(self, request: Request) -> tuple[Answer, Exchange, list[Effect]]:
        """What to send for a request, after all effects that strike it have had their say on it."""
        last_page, last_url = self._last.get(request.object or "", ([], None))
        exchange = Exchange(
            request,
            self.world,
            self.stopping,
            lambda: self.api.again(request),
            last_page,
            last_url,
        )
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


class _Server(ThreadingHTTPServer):
    """Keeps hold of its connections and threads, so that it can end them."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        self.emulator = emulator
        self._open: set[socket.socket] = set()
        self._threads_alive: set[threading.Thread] = set()
        self._guard = threading.Lock()
        super().__init__(address, Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        with self._guard:
            self._open.add(request)
            self._threads_alive.add(thread)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)
                self._threads_alive.discard(thread)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that is to be reset goes without the FIN that would precede the RST."""
        linger, _ = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        if linger:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the emulator; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """End connections and threads, then stop listening."""
        with self._guard:
            connections, threads = list(self._open), list(self._threads_alive)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)
        self.server_close()


def run(
    *,
    port: int = 8765,
    seed: int = 0,
    customers: int = 20,
    orders: int | None = None,
    now: datetime | None = None,
    follow_clock: bool = False,
    latency: float = 0.0,
    dialect: Dialect = "strict",
    ready: Callable[[Emulator], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; prints URL and key.

    With `follow_clock` the world starts now and its clock goes with the real one; without, it stands
    still until the control paths (control.py) move it. `ready` is called once requests are served.
    """
    start = now or (datetime.now(UTC) if follow_clock else DEFAULT_NOW)
    world = World(seed, customers=customers, orders=orders, now=start)
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    former = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Emulator(world, port=port, latency=latency, dialect=dialect) as emulator:
            print(f"Ordergroove emulator on {emulator.url}  (x-api-key: {EMULATOR_KEY})", flush=True)
            if ready is not None:
                ready(emulator)
            _wait(world, stop, follow_clock)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _wait(world: World, stop: threading.Event, follow_clock: bool) -> None:
    last = monotonic()
    while not stop.wait(0.5):
        passed = int(monotonic() - last)
        if follow_clock and passed:
            world.advance(timedelta(seconds=passed))
            last += passed

"""One GET at a time to one host: headers, pace, retries, and an end on demand. Knows no objects and no pages."""

import logging
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import httpx

from og_assets.locking import Starts
from og_assets.ordergroove.errors import Closed, OrdergrooveError, UnexpectedPage, Unreachable, WrongKey
from og_assets.ordergroove.json_text import BrokenBody
from og_assets.ordergroove.page import WrongShape
from og_assets.ordergroove.retry import Pace, RetryPolicy, Transient, http_date, is_transient, retry_after_seconds

OK = 200
Content = TypeVar("Content")
_log = logging.getLogger("og_assets")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Content]):
    """An answer that no retry would change, and what it took to get it.

    `content` is what was read from a body of status 200, None for any other status. Instants are
    aware, in UTC: `server_date` from the `Date` header, `sent_at` from our clock. `retries` counts
    failed tries by code; `seconds` is the longest that a try lasted.
    """

    status: int
    content: Content | None
    body: bytes
    location: str | None
    server_date: datetime | None
    sent_at: datetime
    retries: Mapping[str, int]
    seconds: float


class _Reply(NamedTuple):
    status: int
    headers: httpx.Headers
    body: bytes


class Transport:
    """A keep-alive connection that sends the API key with each request and follows no redirect.

    `encrypted` says that its addresses are https; certificates are then verified.

    Raises WrongKey for a key that no header can carry, ValueError for a pace of 0 or less.
    """

    def __init__(
        self,
        api_key: str,
        *,
        encrypted: bool,
        requests_per_minute: float | None,
        starts: Starts | None,
        timeout: httpx.Timeout | float,
        retry: RetryPolicy,
    ) -> None:
        if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            # Checked here because the HTTP library would quote the whole header in its own error.
            raise WrongKey("ORDERGROOVE_API_KEY", "it is empty or has characters that no key has")
        self._retry = retry
        self._pace = Pace(requests_per_minute, starts)
        self._closing = threading.Event()
        self._streams: deque[Any] = deque(maxlen=8)
        self.on_sent: Callable[[], None] | None = None
        """Called whenever a request is on its way and its answer is waited for."""
        self._http = httpx.Client(
            headers={
                "x-api-key": api_key,
                "X-OG-API-VERSION": "2",  # cursor paging (API reference: pagination)
                "accept": "application/json",
                "user-agent": "og_assets",
            },
            timeout=timeout,
            follow_redirects=False,
            # Reading the certificates takes longer than a small pull; plain http, on loopback, needs none.
            verify=encrypted,
        )

    def close(self) -> None:
        """Close the connection. A request or a wait in another thread ends at once, with Closed."""
        self._closing.set()
        for stream in self._streams:
            try:
                # Not the TLS layer's own shutdown: it must not be called while another thread reads.
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)
            except (OSError, TypeError):
                continue
        self._http.close()

    def get(self, url: httpx.URL, where: str, read: Callable[[bytes], Content]) -> Answer[Content]:
        """Ask until there is a final answer; `read` turns the body of a 200 into content.

        `read` raises BrokenBody for a body worth another try and WrongShape for one that is not.
        `where` names the request in log and errors. Raises StillFailing, Unreachable or
        UnexpectedPage when the tries or the time are used up, Closed when `close` was called.
        """
        began = time.monotonic()
        retries: Counter[str] = Counter()
        slowest = 0.0
        while True:
            self._wait(self._pace.reserve(), where)
            sent_at, started = datetime.now(UTC), time.monotonic()
            try:
                reply = self._send(url, where, deadline=began + self._retry.budget)
                content = _read(reply, where, read)
            except Transient as fault:
                retries[fault.code] += 1
                slowest = max(slowest, time.monotonic() - started)
                delay = self._retry.delay(retries.total(), fault.retry_after)
                elapsed = time.monotonic() - began
                if retries.total() >= self._retry.tries or elapsed + delay > self._retry.budget:
                    _give_up(where, fault, retries, elapsed)
                _log.warning("%s: %s, try %d, again in %.1f s", where, fault.code, retries.total(), delay)
                self._wait(delay, where)
                continue
            return Answer(
                status=reply.status,
                content=content,
                body=reply.body,
                location=reply.headers.get("location"),
                server_date=http_date(reply.headers.get("date")),
                sent_at=sent_at,
                retries=dict(retries),
                seconds=max(slowest, time.monotonic() - started),
            )

    def _send(self, url: httpx.URL, where: str, deadline: float) -> "_Reply":
        """One try. `deadline` ends a body that trickles in, which no time-out of the network does."""
        try:
            with self._http.stream("GET", url, extensions={"trace": self._trace}) as response:
                return _Reply(response.status_code, response.headers, _receive(response, deadline))
        except (httpx.TransportError, httpx.DecodingError) as error:
            self._end_if_closed(where)
            raise _transient(error) from error
        except Exception:
            self._end_if_closed(where)  # a connection that is taken away fails in more ways than one
            raise

    def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        if event == "http11.send_request_body.complete" and self.on_sent:
            self.on_sent()
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._streams.append(details["return_value"])

    def _wait(self, seconds: float, where: str) -> None:
        if seconds > 0:
            self._closing.wait(seconds)
        self._end_if_closed(where)

    def _end_if_closed(self, where: str) -> None:
        if self._closing.is_set():
            raise Closed(where) from None


def _receive(response: httpx.Response, deadline: float) -> bytes:
    chunks = []
    try:
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the body kept trickling in")
    except (httpx.TransportError, httpx.DecodingError):
        if response.status_code == OK:
            raise
        return b""  # the status has said all
    return b"".join(chunks)


def _read(reply: _Reply, where: str, read: Callable[[bytes], Content]) -> Content | None:
    if is_transient(reply.status):
        now = http_date(reply.headers.get("date")) or datetime.now(UTC)
        raise Transient(str(reply.status), retry_after=retry_after_seconds(reply.headers.get("retry-after"), now))
    if reply.status != OK:
        return None
    try:
        return read(reply.body)
    except BrokenBody as error:
        raise Transient("unreadable", final=UnexpectedPage, detail=str(error)) from error
    except WrongShape as error:
        raise UnexpectedPage(where, str(error)) from None


def _transient(error: httpx.TransportError | httpx.DecodingError) -> Transient:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return Transient("no connection", final=Unreachable, detail=str(error))
    if isinstance(error, httpx.TimeoutException):
        return Transient("timeout", detail=str(error))
    if isinstance(error, httpx.DecodingError):
        return Transient("unreadable", final=UnexpectedPage, detail="its compression is broken")
    return Transient("broken connection", detail=str(error))


def _give_up(where: str, fault: Transient, retries: Counter[str], elapsed: float) -> NoReturn:
    counts = ", ".join(f"{code} x{count}" for code, count in retries.items())
    last = f"; last: {fault.detail}" if fault.detail else ""
    error: type[OrdergrooveError] = fault.final
    raise error(where, f"{retries.total()} tries in {elapsed:.0f} s: {counts}{last}") from fault

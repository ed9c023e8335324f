"""Patience and pace: which faults are tried again, how long is waited, how fast requests may follow. Sends nothing."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from og_assets.locking import OwnStarts, Starts
from og_assets.ordergroove.errors import OrdergrooveError, StillFailing

_MAY_PASS = (408, 423, 429)
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is tried again; delays and budget in seconds.

    Backoff is exponential with full jitter: before try n+1 a random time up to
    `first_delay * 2**(n-1)`, at most `max_delay`, is waited. `budget` bounds the whole request,
    tries and waits together: a wait that would pass it is not begun. The default waits add up to
    half a minute on average, since the rate limit counts by the minute (API reference: rate limits).
    """

    tries: int = 6
    first_delay: float = 2.0
    max_delay: float = 60.0
    budget: float = 300.0

    def delay(self, failed_tries: int, retry_after: float | None) -> float:
        """Seconds to wait after so many failed tries; `retry_after` is a lower bound, cut to `max_delay`."""
        ceiling = min(self.max_delay, self.first_delay * 2.0 ** (failed_tries - 1))
        jittered = random.uniform(0, ceiling)
        return max(jittered, min(retry_after or 0.0, self.max_delay))


class Transient(Exception):
    """A fault that may pass: kept inside the client, which retries it or turns it into `final`.

    `code` is what the sync log counts it under: a status ("429") or a word ("timeout").
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        final: type[OrdergrooveError] = StillFailing,
        detail: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.final = final
        self.detail = detail


def is_transient(status: int) -> bool:
    """Whether a status may pass by itself: 408, 423 (concurrent operation), 429 (rate limit) and every 5xx."""
    return status in _MAY_PASS or status >= _SERVER_ERROR


def http_date(value: str | None) -> datetime | None:
    """An HTTP date (`Date`, `Retry-After`) as an aware UTC instant, None when it is absent or unreadable."""
    try:
        parsed = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date; None when it says nothing.

    `now` (aware) is the clock that the date is compared with: the server's own where it is known.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = http_date(value)
        seconds = (date - now).total_seconds() if date else 0.0
    return seconds if seconds > 0 else None


class Pace:
    """Keeps request starts at least 60/`requests_per_minute` seconds apart; None means no pace. Thread-safe.

    All that have the same `starts` share one pace; without it the pace is this one's own.
    """

    def __init__(self, requests_per_minute: float | None, starts: Starts | None = None) -> None:
        if requests_per_minute is not None and not requests_per_minute > 0:
            raise ValueError(f"requests_per_minute must be above 0 or None, not {requests_per_minute}")
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._starts = starts or OwnStarts()

    def reserve(self) -> float:
        """Take the next free start and return how many seconds from now it is."""
        return self._starts.reserve(self._interval) if self._interval else 0.0

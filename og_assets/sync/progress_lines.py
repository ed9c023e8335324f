"""What a pull says in the run's log while it is under way: how far it is, how fast, and when it may be done.

The API tells no total. For the whole of an object the last whole pull had about as many records, so the rest can
be estimated; for a window it cannot, because pages are not sorted by the time of change (guide: pagination).
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.warehouse.progress import Progress

log = logging.getLogger("og_assets")

SECONDS_BETWEEN_LINES = 10.0


class ProgressLines:
    """The lines of one pull, ten seconds apart. `expected` is how many records it may have, None when unknown."""

    def __init__(self, object: OrdergrooveObject, expected: int | None, already: int = 0) -> None:
        self._name = object.name
        self._stamp = object.change_stamp
        self._expected = expected
        self._already = already
        self._started = self._told = time.monotonic()

    def after_page(self, progress: Progress, lines: Sequence[bytes]) -> None:
        """Say a line if it is time; `lines` are the staged rows of the newest page, looked into only then."""
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            log.info("%s: %s", self._name, self.line(progress, lines, now - self._started))

    def line(self, progress: Progress, lines: Sequence[bytes], seconds: float) -> str:
        """The line for a pull that has been reading for `seconds`."""
        speed = (progress.records - self._already) / seconds
        parts = [f"{progress.pages:,} pages, {progress.records:,} records so far", f"{speed:,.0f} records a second"]
        newest = self._newest(lines)
        if newest:
            parts.append(f"newest change on this page {newest} UTC")
        if self._expected and speed and self._expected > progress.records:
            rest = timedelta(seconds=round((self._expected - progress.records) / speed))
            parts.append(f"about {rest} left if there are as many as the last time ({self._expected:,})")
        return ", ".join(parts)

    def _newest(self, lines: Sequence[bytes]) -> str | None:
        if self._stamp is None:
            return None
        rows = (msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get(self._stamp) for line in lines)
        stamps = [msgspec.json.decode(stamp) for stamp in rows if stamp]
        newest = max((stamp for stamp in stamps if isinstance(stamp, str)), default=None)
        return newest[:19].replace("T", " ") if newest else None

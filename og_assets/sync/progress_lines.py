"""What a pull says while it is under way: how far it is, how fast, and when it may be done.

The API tells no total. For the whole of an object the last whole pull had about as many records, so the rest can
be estimated; for a window it cannot, because pages are not sorted by the time of change (guide: pagination).
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.sync import live
from og_assets.warehouse.progress import Progress

log = logging.getLogger("og_assets")

SECONDS_BETWEEN_LINES = 10.0
"""In the run's log, where each line is kept."""
SECONDS_BETWEEN_LOOKS = 0.5
"""For a person who watches."""


class ProgressLines:
    """The lines of one pull. `expected` is how many records it may have, None when unknown."""

    def __init__(self, object: OrdergrooveObject, expected: int | None, already: int = 0) -> None:
        self._name = object.name
        self._stamp = object.change_stamp
        self._expected = expected
        self._already = already
        self._started = self._logged = self._shown = time.monotonic()

    def after_page(self, progress: Progress, lines: Callable[[], Sequence[bytes]]) -> None:
        """Say a line if it is time; `lines` gives the rows of the newest page, and is asked only then."""
        now = time.monotonic()
        if now - self._logged >= SECONDS_BETWEEN_LINES:
            self._logged = now
            log.info("%s: %s", self._name, self.line(progress, lines(), now - self._started))
        if now - self._shown >= SECONDS_BETWEEN_LOOKS and live.now.isEnabledFor(logging.INFO):
            self._shown = now
            live.now.info("%s", self.line(progress, lines(), now - self._started))

    def line(self, progress: Progress, lines: Sequence[bytes], seconds: float) -> str:
        """The line for a pull that has been reading for `seconds`."""
        speed = (progress.records - self._already) / seconds
        parts = [f"{progress.pages:,} pages, {progress.records:,} records, {speed:,.0f} a second"]
        newest = self._newest(lines)
        if newest:
            parts.append(f"newest on this page {newest}")
        if self._expected and speed and self._expected > progress.records:
            rest = timedelta(seconds=round((self._expected - progress.records) / speed))
            parts.append(f"about {rest} left if there are {self._expected:,} as the last time")
        return ", ".join(parts)

    def _newest(self, lines: Sequence[bytes]) -> str | None:
        if self._stamp is None:
            return None
        rows = (msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get(self._stamp) for line in lines)
        stamps = [msgspec.json.decode(stamp) for stamp in rows if stamp]
        newest = max((stamp for stamp in stamps if isinstance(stamp, str)), default=None)
        return newest[:16].replace("T", " ") if newest else None

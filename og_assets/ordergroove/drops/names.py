"""What the name of a dropped file says: report, stamp, business day. Pure.

The pages give three orders of the stamp: month first (help centre), day first (the guide's pattern) and year first
(the guide's sample). Where a stamp can be read in several, the time of the file decides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from og_assets.ordergroove.drops.dates import CENTRAL
from og_assets.ordergroove.drops.reports import REPORTS, Report

MONTH_FIRST, DAY_FIRST, YEAR_FIRST = "month first", "day first", "year first"

_YEARS = range(2000, 2100)
_TOKENS = {token: report for report in REPORTS for token in report.tokens}
_NAME = re.compile(
    # As little as possible for the client, whose name may hold a token itself, and the longest token that fits.
    rf"(?P<client>.*?)(?P<token>{'|'.join(sorted(_TOKENS, key=len, reverse=True))})"
    r"[_-]*(?:(?P<before>full|delta)[_-]*)?(?P<stamp>\d{8}|\d{14,15})[_-]*(?P<after>full|delta)?"
    r"(?:\.csv|\.txt)?(?:\.gz|\.gzip|\.zip)?",
    re.IGNORECASE | re.DOTALL,
)
_DAYS = {
    MONTH_FIRST: re.compile(r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>\d{4})"),
    DAY_FIRST: re.compile(r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d{4})"),
    YEAR_FIRST: re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
}
_TIME = re.compile(r"(?P<H>\d\d|0\d\d)(?P<M>\d\d)(?P<S>\d\d)")  # one page prints the hour with three digits


@dataclass(frozen=True, slots=True)
class DropName:
    """What a file name says. `stamped_at` is when the file was finished (aware), `stamp_order` how that was read.

    `business_day` is the day that a delta tells about: the one before that of the stamp, on Central time.
    """

    report: Report
    stamped_at: datetime
    stamp_order: str
    business_day: date
    is_full: bool = False


def read_name(name: str, modified_at: datetime) -> DropName | None:
    """What the name of a file says that was last changed at `modified_at` (aware); None when it is no report's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    readings = list(_readings(found["stamp"]))
    if not readings:
        return None
    # Of equals the first wins: the order of the help centre, whose pages describe the files.
    order, wall = min(readings, key=lambda reading: abs(_instant(reading[1]) - modified_at))
    kind = (found["before"] or found["after"] or "").lower()
    return DropName(
        _TOKENS[found["token"].lower()], _instant(wall), order, wall.date() - timedelta(days=1), kind == "full"
    )


def _readings(stamp: str) -> Iterator[tuple[str, datetime]]:
    time = _TIME.fullmatch(stamp[8:])
    if stamp[8:] and not time:
        return
    hour, minute, second = (int(time[part]) for part in "HMS") if time else (0, 0, 0)
    for order, form in _DAYS.items():
        day = form.fullmatch(stamp[:8])
        if day and int(day["y"]) in _YEARS:
            try:
                yield order, datetime(int(day["y"]), int(day["m"]), int(day["d"]), hour, minute, second)  # noqa: DTZ001
            except ValueError:
                continue


def _instant(wall: datetime) -> datetime:
    return CENTRAL.to_utc(wall).replace(tzinfo=UTC)

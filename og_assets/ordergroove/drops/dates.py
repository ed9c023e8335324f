"""Days and times as reports write them, on Central time (guide: sftp-file-drops). Pure.

Month first with slashes, month first in digits alone, and the ISO form that samples of the cancelation report show.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from og_assets.columns import Kind
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.spellings import Misfit, Reads, instant_of, said_by

CENTRAL = SourceClock("America/Chicago")
"""The clock of reports and file names: "CST" in the guides, read with daylight saving."""

_TIME = r"(?:[ T](?P<H>\d\d?):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.\d+)?)?)?"
_DIGITS = r"(?:(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d))?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<m>\d\d?)/(?P<d>\d\d?)/(?P<y>\d{{4}}){_TIME}",
        rf"(?P<y>\d{{4}})-(?P<m>\d\d?)-(?P<d>\d\d?){_TIME}",
        rf"(?P<m>0[1-9]|1[0-2])(?P<d>\d\d)(?P<y>\d{{4}}){_DIGITS}",
        rf"(?P<y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d){_DIGITS}",
    )
)


@lru_cache(maxsize=4096)  # rows of a file tell few days
def wall_clock(text: str) -> datetime:
    """What the text says, midnight when it tells a day alone; raises ValueError for what is none of the forms."""
    stripped = text.strip()
    for form in _FORMS:
        found = form.fullmatch(stripped)
        if found:
            year, month, day, hour, minute, second = (int(found[part] or 0) for part in "ymdHMS")
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the caller knows the zone
    raise ValueError("not a day or time as reports write them")


def _day(value: Any) -> Any:
    return wall_clock(value).date() if isinstance(value, str) else value


def _instant(value: Any, info: ValidationInfo[SourceClock]) -> datetime:
    stamp = wall_clock(value) if isinstance(value, str) else value
    if info.context.is_missing(stamp):
        raise ValueError("no clock ever showed this time")
    return info.context.to_utc(stamp)


def _read_stamp(value: bytes, clock: SourceClock) -> tuple[datetime | None, str | None]:
    said = said_by(value)
    try:
        return (None, None) if said is None else instant_of(wall_clock(said), clock)
    except ValueError:
        raise Misfit from None


def _read_day(value: bytes, _: SourceClock) -> tuple[date | None, None]:
    said = said_by(value)
    try:
        return None if said is None else wall_clock(said).date(), None
    except ValueError:
        raise Misfit from None


DropDay = Annotated[Annotated[date, BeforeValidator(_day)] | None, Kind.DAY, Reads(_read_day)]
"""A day in any of the forms."""
DropStamp = Annotated[Annotated[datetime, BeforeValidator(_instant)] | None, Kind.STAMP, Reads(_read_stamp)]
"""A time on the report's clock, which validation gets as its context; a UTC wall clock in the end."""

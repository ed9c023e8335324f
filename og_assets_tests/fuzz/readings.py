"""What a typed column may hold for a value that came: the value, null with a note, or null alone.

Where the documents show a spelling it must be read. Where a spelling is odd but clear, its value or null with a note is
right. What means nothing is null with a note. Stamps: docs of the API, "Time": naive ones are New York's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from zoneinfo import ZoneInfo

from og_assets_tests.fuzz.contract import NULL_WORDS, Kind
from og_assets_tests.fuzz.json_text import NUMBER, TEXT, WORD, Tokens

NEW_YORK = ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_PLAIN_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DECIMAL = re.compile(_PLAIN_DECIMAL.pattern + r"(?:[eE][+-]?[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_STAMP = re.compile(
    _DAY.pattern
    + r"(?:([Tt ])([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?(?: *([Zz]|[+-][0-9]{2}:?[0-9]{2}))?"
)
_CANONICAL_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False} | {
    word: word in ("yes", "y", "t", "on") for word in ("yes", "y", "t", "on", "no", "n", "f", "off")
}
RANGES = {Kind.INT: 2**31, Kind.SMALL: 2**15}


@dataclass(frozen=True, slots=True)
class Reading:
    """The values that are right; `silent` and `noted` say whether null is, alone or with a note."""

    values: tuple[object, ...] = ()
    silent: bool = False
    noted: bool = True
    needs_note: bool = False

    def problem(self, got: object, has_note: bool) -> str | None:
        """What is wrong with a column that holds `got`."""
        if got is None:
            if self.silent or (self.noted and has_note):
                return None
            return "null without a note" if self.noted else "a documented spelling is not read"
        if not any(type(got) is type(value) and got == value for value in self.values):
            return "another value than came" if self.values else "a value where none can be read"
        return "changed without a note" if self.needs_note and not has_note else None


NOTHING = Reading()
NULL = Reading(silent=True)


def read(kind: Kind, tokens: Tokens) -> Reading:
    """The reading of a value that is no container column."""
    if len(tokens) != 1:
        return NOTHING
    what, text = tokens[0]
    if (what, text) == (WORD, "null"):
        return NULL
    if kind is not Kind.TEXT and what == TEXT and text in NULL_WORDS:
        return NULL
    if kind is not Kind.TEXT and what == TEXT and not text.strip():
        return Reading(silent=True)
    return _READERS[kind](what, text)


def _text(what: str, text: str) -> Reading:
    if what == TEXT:
        # A text that no UTF-8 can hold has no place in a column. "null" is kept in texts: docs/decisions.md, "Records".
        if _SURROGATE.search(text):
            return NOTHING
        return Reading((text,), noted="\0" in text)
    if text in ("true", "false"):
        return Reading((text, text.title()))
    return Reading((text,), noted=not _INTEGER.fullmatch(text))


def _integer(limit: int) -> Callable[[str, str], Reading]:
    def reading(what: str, text: str) -> Reading:
        plain = what == WORD and NUMBER.fullmatch(text) and _INTEGER.fullmatch(text)
        if not (plain or _DECIMAL.fullmatch(text.strip(" "))) or (what == WORD and not NUMBER.fullmatch(text)):
            return NOTHING
        number = Decimal(text.strip(" "))
        if number.is_zero():
            return Reading((0,), noted=text != "0")
        if not -1 <= number.adjusted() <= 20 or number != number.to_integral_value():
            return NOTHING
        return Reading((int(number),), noted=not plain) if -limit <= number < limit else NOTHING

    return reading


def _boolean(what: str, text: str) -> Reading:
    if what == WORD:
        if text in ("true", "false", "1", "0"):
            return Reading((_BOOLEANS[text],), noted=False)
        number = Decimal(text) if NUMBER.fullmatch(text) else None
        return Reading((bool(number),)) if number is not None and number in (0, 1) else NOTHING
    if text in ("True", "False", "true", "false"):
        return Reading((text.lower() == "true",), noted=False)
    value = _BOOLEANS.get(text.strip().lower())
    return NOTHING if value is None else Reading((value,))


def _money(what: str, text: str) -> Reading:
    spelled = text.strip(" \t\r\n")
    if not _DECIMAL.fullmatch(spelled) or (what == WORD and not NUMBER.fullmatch(text)):
        return NOTHING
    amount = Decimal(spelled)
    if not amount.is_zero() and amount.adjusted() > 14:
        return NOTHING
    with localcontext() as context:
        context.prec = 60
        context.Emin, context.Emax = -999999, 999999
        cent = Decimal("0.0001")
        if amount.is_zero() or amount.adjusted() < -20:
            rounded = {Decimal(0)}
        else:
            rounded = {amount.quantize(cent, rounding=mode) for mode in (ROUND_HALF_EVEN, ROUND_HALF_UP)}
        exact = len(rounded) == 1 and amount == next(iter(rounded))
    values = tuple(value for value in rounded if abs(value) < 10**14)
    documented = spelled == text and _PLAIN_DECIMAL.fullmatch(text) and text[-1] != "." and text[0] not in ".+-"
    # Finer amounts are rounded, with a note: docs/decisions.md, "Records".
    return Reading(values, noted=not (documented and exact and values), needs_note=not exact)


def _stamp(what: str, text: str) -> Reading:
    if what == WORD or text.strip().isdigit():
        return _epoch(text.strip()) if text.isascii() else NOTHING
    found = _STAMP.fullmatch(text.strip(" \t\r\n"))
    if found is None:
        return NOTHING
    year, month, day, _, hour, minute, second, fraction, offset = found.groups()
    micros = (fraction or "").ljust(7, "0")
    try:
        wall = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        exact = [wall + timedelta(microseconds=int(micros[:6]))]
        if micros[6] >= "5":
            exact.append(exact[0] + timedelta(microseconds=1))
    except (ValueError, OverflowError):
        return NOTHING
    try:
        read = [_utc(value, offset) for value in exact]
    except ValueError:
        return NOTHING
    except OverflowError:
        # The last hours of the year 9999 have no time in UTC: a value that says so is as good as none.
        return Reading(tuple(exact), needs_note=True)
    gap = any(moved for _, moved in read)
    return Reading(
        tuple(value for value, _ in read),
        noted=not _CANONICAL_STAMP.fullmatch(text) or not 1900 <= int(year) < 2100,
        needs_note=gap,
    )


def _utc(wall: datetime, offset: str | None) -> tuple[datetime, bool]:
    """The instant of a wall clock, and whether spring leaves that time out, so that it was moved forward.

    Of the hour that autumn repeats, the earlier instant.
    """
    if offset:
        minutes = 0 if offset in "Zz" else int(offset[1:3]) * 60 + int(offset[-2:])
        if minutes and int(offset[-2:]) > 59:
            raise ValueError(offset)
        zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
        return wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None), False
    instant = wall.replace(tzinfo=NEW_YORK).astimezone(UTC)
    return instant.replace(tzinfo=None), instant.astimezone(NEW_YORK).replace(tzinfo=None) != wall


def _epoch(text: str) -> Reading:
    """Digits alone: whole seconds or milliseconds since 1970, when that is a time of this business, or `YYYYMMDD`."""
    values: list[object] = []
    number = Decimal(text) if NUMBER.fullmatch(text) and len(text) < 40 and "e" not in text.lower() else None
    if number is not None:
        for scale in (1, 1000):
            seconds = number / scale
            if 946_684_800 <= seconds < 4_102_444_800:
                values.append(EPOCH + timedelta(microseconds=int(seconds * 1_000_000)))
    if re.fullmatch(r"[0-9]{8}", text):
        day = _calendar_day(f"{text[:4]}-{text[4:6]}-{text[6:]}")
        if day:
            values.append(_utc(datetime(day.year, day.month, day.day), None)[0])
    return Reading(tuple(values))


def _day(what: str, text: str) -> Reading:
    if what == WORD or text.strip().isdigit():
        return Reading(tuple(value.date() for value in _epoch(text.strip()).values if isinstance(value, datetime)))
    day = _calendar_day(text.strip(" \t\r\n")[:10])
    if day is None:
        return NOTHING
    return Reading((day,), noted=not (len(text) == 10 or _CANONICAL_STAMP.fullmatch(text)))


def _calendar_day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def leading_number(tokens: Tokens) -> Reading:
    """The code at the beginning of `4|text`, `4|` or 4 (reference: subscriptions-list, cancel_reason_code)."""
    if len(tokens) != 1:
        return NULL
    text = tokens[0][1]
    digits = re.match(r"-?[0-9]+" if tokens[0][0] == WORD else r"[0-9]+", text)
    if not digits or len(digits[0].lstrip("-0")) > 10 or int(digits[0]) >= RANGES[Kind.INT]:
        return NULL
    documented = re.fullmatch(r"[0-9]{1,6}(\|.*)?", text, re.DOTALL)
    return Reading((int(digits[0]),), silent=not documented, noted=not documented)


_READERS: dict[Kind, Callable[[str, str], Reading]] = {
    Kind.TEXT: _text,
    Kind.INT: _integer(RANGES[Kind.INT]),
    Kind.SMALL: _integer(RANGES[Kind.SMALL]),
    Kind.BOOL: _boolean,
    Kind.MONEY: _money,
    Kind.STAMP: _stamp,
    Kind.DAY: _day,
}

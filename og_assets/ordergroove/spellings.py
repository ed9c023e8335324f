"""What the JSON text of a value means in a column of its kind, in every spelling that the documents show. Pure.

Each reading takes the text of one value of sound JSON and gives the canonical value, with a note when that is not all
that was sent; it raises Misfit when the text is nothing of its kind. Digits are read as they came, never as a float.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic_core import to_json

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.json_text import cut_list, cut_object, is_json, is_too_deep, text_of

Reading = Callable[[bytes, SourceClock], tuple[Any, str | None]]


@dataclass(frozen=True, slots=True)
class Reads:
    """Marks a field of a record with the reading of its column."""

    reading: Reading


NULL_WORDS = frozenset({"", "null", "undefined"})
"""Strings that stand for null in a typed column; a text column keeps them."""
PLAIN_AMOUNT = r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$"
_TIME = r"[ T_t]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
WHOLE_DAY = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{_TIME})?")
"""A day, with or without a time behind it."""
SENT_AS_JSON = "sent as JSON, kept as its text"

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STAMP = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})(?:{_TIME})?")
FLAGS = {"true": True, "false": False, "1": True, "0": False}
_SECONDS_OF_OUR_TIME = range(1_000_000_000, 2_000_000_000)
"""Since 1970, of the years 2001 to 2033. Other numbers are none: 20240701 may be a day, 2125550123 a phone number."""


class Misfit(Exception):
    """A value that is nothing of its column's kind."""


def read_text(value: bytes, _: SourceClock) -> tuple[str | None, str | None]:
    """Text as it came, a number as its digits, and what else was sent as its JSON text."""
    if value == b"null":
        return None, None
    if value.startswith(b'"'):
        return text_of(value), None
    if _is_number(value):
        return value.decode(), None
    return value.decode(), SENT_AS_JSON


def read_integer(value: bytes, _: SourceClock, bits: int = 32) -> tuple[int | None, None]:
    """A whole number of that many bits, in whatever way its digits are written."""
    said = said_by(value)
    if said is None:
        return None, None
    number = _exact(said)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) or number != number.to_integral_value():
        raise Misfit
    return int(number), None


def read_small_integer(value: bytes, clock: SourceClock) -> tuple[int | None, None]:
    """A whole number of 16 bits."""
    return read_integer(value, clock, bits=16)


def read_code(value: bytes, clock: SourceClock) -> tuple[int | None, None]:
    """The leading digits of `code|text`; text without a code has none."""
    if not value.startswith(b'"'):
        if value != b"null" and not value.isdigit():
            raise Misfit
        return read_integer(value, clock)
    digits = text_of(value).split("|", 1)[0].strip()
    return read_integer(digits.encode(), clock) if digits.isascii() and digits.isdecimal() else (None, None)


def read_money(value: bytes, _: SourceClock) -> tuple[str | None, str | None]:
    """An amount as the text of a decimal with at most 14 digits before and 4 after its point."""
    said = said_by(value)
    if said is None:
        return None, None
    if re.fullmatch(PLAIN_AMOUNT, text_of(value)):
        return said, None
    amount = _exact(said)
    try:
        rounded = amount.quantize(Decimal("0.0001"))
    except InvalidOperation:
        raise Misfit from None
    if abs(rounded) >= 10**14:
        raise Misfit
    return f"{rounded:f}", None if rounded == amount else "rounded to 4 decimals"


def read_stamp(value: bytes, clock: SourceClock) -> tuple[datetime | None, str | None]:
    """An instant as a naive UTC datetime: a wall clock that is read on `clock`, or one with a zone of its own."""
    said = said_by(value)
    if said is None:
        return None, None
    if _is_number(value):
        return _since_1970(said)
    found = _STAMP.fullmatch(said)
    if found is None:
        raise Misfit
    *parts, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    try:
        stamp = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_zone(zone))
    except ValueError:
        raise Misfit from None
    instant, note = instant_of(stamp, clock)
    return instant, note or ("cut to microseconds" if (fraction or "")[6:].strip("0") else None)


def instant_of(stamp: datetime, clock: SourceClock) -> tuple[datetime | None, str | None]:
    """The instant of a stamp as a naive UTC datetime; one without a zone is read on `clock`."""
    if clock.is_missing(stamp):
        return clock.to_utc(stamp + timedelta(hours=1)), f"does not exist in {clock.zone_name}, shifted forward"
    if clock.is_out_of_reach(stamp):
        return None, "beyond the calendar in UTC"
    return clock.to_utc(stamp), None


def read_day(value: bytes, _: SourceClock) -> tuple[date | None, str | None]:
    """A calendar day: the first ten characters of a date or of a time."""
    said = said_by(value)
    if said is None:
        return None, None
    if not WHOLE_DAY.match(said):
        raise Misfit
    try:
        day = date.fromisoformat(said[:10])
    except ValueError:
        raise Misfit from None
    return day, None if WHOLE_DAY.fullmatch(said) else "cut to its first ten characters"


def read_flag(value: bytes, _: SourceClock) -> tuple[bool | None, None]:
    """True or false, as JSON, as a word or as 1 or 0."""
    if value in (b"true", b"false"):
        return value == b"true", None
    said = said_by(value)
    if said is None:
        return None, None
    if said.lower() not in FLAGS:
        raise Misfit
    return FLAGS[said.lower()], None


def read_json(value: bytes, _: SourceClock) -> tuple[str | None, None]:
    """JSON text as it came. A string that holds JSON is that JSON, and any other string stays one."""
    if not value.startswith(b'"'):
        return None if value == b"null" else value.decode(), None
    text = text_of(value)
    if text in NULL_WORDS:
        return None, None
    held = text.encode()
    return text if is_json(held) and not is_too_deep(held) else value.decode(), None


def read_components(value: bytes, _: SourceClock) -> tuple[str | None, None]:
    """Bundle lines as a JSON list of `{public_id, quantity, product}`, from the new and all legacy spellings."""
    if value in (b"null", b"[]"):
        return None if value == b"null" else "[]", None
    if value.startswith(b'"'):
        text = text_of(value).strip()
        if text in ("null", "undefined"):
            return None, None
        value = text.encode()
        if not value.startswith((b"[", b"{")):
            lines = [to_json(part.strip()) for part in text.split(",") if part.strip() not in NULL_WORDS]
            return _list_of(map(_component, lines)), None
        if not is_json(value):
            raise Misfit
    if not value.startswith(b"["):
        raise Misfit
    return _list_of(map(_component, cut_list(value))), None


def _component(line: bytes) -> bytes:
    members = cut_object(line) if line.startswith(b"{") else {"product": line}
    product = members.get("product", b"null")
    if _is_number(product):
        product = b'"%b"' % product
    elif product != b"null" and not product.startswith(b'"'):
        raise Misfit
    if product == b"null" and not line.startswith(b"{"):
        raise Misfit
    null = b"null"
    return b'{"public_id":%b,"quantity":%b,"product":%b}' % (
        members.get("public_id", null),
        members.get("quantity", null),
        product,
    )


def _list_of(lines: Iterable[bytes]) -> str:
    return (b"[" + b",".join(lines) + b"]").decode()


def _is_number(value: bytes) -> bool:
    return value[:1] in b"-0123456789"


def said_by(value: bytes) -> str | None:
    """The text of a string, or the digits of a number; None where it stands for null. Raises Misfit for the rest."""
    if value == b"null":
        return None
    if _is_number(value):
        return value.decode()
    if not value.startswith(b'"'):
        raise Misfit
    text = text_of(value).strip()
    return None if text in NULL_WORDS else text


def _exact(said: str) -> Decimal:
    if not _NUMBER.fullmatch(said):
        raise Misfit
    try:
        return Decimal(said)
    except InvalidOperation:
        raise Misfit from None


def _since_1970(said: str) -> tuple[datetime, str]:
    if not said.isdecimal() or len(said) > len(str(_SECONDS_OF_OUR_TIME.stop)) or int(said) not in _SECONDS_OF_OUR_TIME:
        raise Misfit
    return datetime.fromtimestamp(int(said), UTC).replace(tzinfo=None), "a number, read as seconds since 1970"


def _zone(spelled: str | None) -> timezone | None:
    if spelled is None:
        return None
    if spelled in "Zz":
        return UTC
    offset = datetime.strptime(spelled, "%z").utcoffset()
    return timezone(offset or timedelta())

"""The types of record fields: strict enough to run in compiled code, with the canonical value as their result.

Each takes only what its reading in spellings.py reads to the same value without a note; whatever else comes, odd
spellings that are documented among it, is left to that reading. JSON columns are not validated: they keep their text.
"""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema, StringConstraints, ValidationInfo
from pydantic_core import core_schema

from og_assets.columns import Kind
from og_assets.ordergroove import spellings
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.spellings import FLAGS, NULL_WORDS, PLAIN_AMOUNT, WHOLE_DAY, Reads


def _usable_key(value: str) -> str:
    if value.strip() in NULL_WORDS or '"' in value or "'" in value:
        raise ValueError("the key is empty, or may show members")
    return value


def _number_as_text(value: Any) -> Any:
    # What is 0 here may have been -0, whose digits are others.
    return str(value) if type(value) is int and value else value


def _text_as_number(value: Any) -> Any:
    return int(value) if type(value) is str and value.isascii() and value.isdecimal() else value


def _word_as_flag(value: Any) -> Any:
    return FLAGS.get(value.lower(), value) if type(value) is str else value


def _leading_digits(value: Any) -> Any:
    if type(value) is not str:
        if type(value) is int and value <= 0:
            raise ValueError("no digits alone")
        return value
    digits = value.split("|", 1)[0].strip()
    return int(digits) if digits.isascii() and digits.isdecimal() else None


def _instant(value: datetime, info: ValidationInfo[SourceClock]) -> datetime:
    """A naive UTC datetime of a wall clock that is read on the clock."""
    clock = info.context
    # Nearly every stamp of every record takes this way; the rest of this function costs three times as much.
    if value.tzinfo is None and (offset := clock.plain_offset(value.toordinal())) is not None:
        return value - offset
    # Digits, in text too, were read as seconds since 1970 and have a zone; they are told from zones by their text.
    if value.tzinfo is not None or clock.is_missing(value) or clock.is_out_of_reach(value):
        raise ValueError("no plain wall clock time")
    return clock.to_utc(value)


def _day(value: Any) -> Any:
    if type(value) is str and not WHOLE_DAY.fullmatch(value):
        raise ValueError("no day")
    return _day_of_stamp(value)


def _day_of_stamp(value: Any) -> Any:
    """The day that a stamp begins with; the stamp's own column judges the whole of it."""
    if value is None:
        return None
    if type(value) is not str:
        raise ValueError("no text")
    return date.fromisoformat(value[:10])


_WALL_CLOCK = GetPydanticSchema(lambda _, __: core_schema.datetime_schema(microseconds_precision="error"))

Text = Annotated[str | None, Kind.TEXT, Reads(spellings.read_text)]
Key = Annotated[str, AfterValidator(_usable_key), Kind.TEXT, Reads(spellings.read_text)]
CodeText = Annotated[str | None, BeforeValidator(_number_as_text), Kind.TEXT, Reads(spellings.read_text)]
Integer = Annotated[
    Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)] | None, Kind.INTEGER, Reads(spellings.read_integer)
]
SmallInteger = Annotated[
    Annotated[int, Field(strict=True, ge=-(2**15), lt=2**15)] | None, Kind.SMALLINT, Reads(spellings.read_small_integer)
]
TextInteger = Annotated[Integer, BeforeValidator(_text_as_number)]
TextSmallInteger = Annotated[SmallInteger, BeforeValidator(_text_as_number)]
Code = Annotated[
    Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)] | None,
    BeforeValidator(_leading_digits),
    Kind.INTEGER,
    Reads(spellings.read_code),
]
Money = Annotated[
    Annotated[str, StringConstraints(pattern=PLAIN_AMOUNT)] | None, Kind.MONEY, Reads(spellings.read_money)
]
Stamp = Annotated[
    Annotated[datetime, _WALL_CLOCK, AfterValidator(_instant)] | None, Kind.STAMP, Reads(spellings.read_stamp)
]
Day = Annotated[Annotated[date | None, BeforeValidator(_day)], Kind.DAY, Reads(spellings.read_day)]
DayOfStamp = Annotated[Annotated[date | None, BeforeValidator(_day_of_stamp)], Kind.DAY, Reads(spellings.read_day)]
Flag = Annotated[Annotated[bool, Field(strict=True)] | None, Kind.FLAG, Reads(spellings.read_flag)]
TextFlag = Annotated[Flag, BeforeValidator(_word_as_flag)]
Json = Annotated[Any, Kind.JSON, Reads(spellings.read_json)]
Components = Annotated[Any, Kind.JSON, Reads(spellings.read_components)]

"""The types of record fields: strict enough to run in compiled code, with the canonical value as their result.

A value that does not fit its type here is not lost: reader.py tries the documented odd spellings
(API reference, "Fields: conventions") and otherwise leaves NULL with a note.
"""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import from_json, to_json

from og_assets.columns import Kind
from og_assets.ordergroove.clock import SourceClock

NULL_WORDS = frozenset({"", "null", "undefined"})
"""Strings that stand for null in a typed column; a text column keeps them."""


def _usable_key(value: str) -> str:
    if value.strip() in NULL_WORDS:
        raise ValueError("the key is empty")
    return value


def _instant(value: datetime, info: ValidationInfo[SourceClock]) -> datetime:
    """A naive UTC datetime. A zone or an epoch number tells the instant; the rest is read on the clock."""
    clock = info.context
    # Nearly every stamp of every record takes this way; the rest of this function costs three times as much.
    if value.tzinfo is None and (offset := clock.plain_offset(value.toordinal())) is not None:
        return value - offset
    if clock.is_missing(value):
        raise ValueError("no clock ever showed this time")
    return clock.to_utc(value)


def _day_part(value: Any) -> Any:
    return value[:10] if isinstance(value, str) else value


def _leading_digits(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    digits = value.split("|", 1)[0].strip()
    return digits if digits.isdecimal() else None


def json_text(value: Any) -> str | None:
    """`value` as JSON text. A string that holds JSON is that JSON; any other string stays one."""
    if value is None:
        return None
    if isinstance(value, str):
        if value in NULL_WORDS:
            return None
        try:
            from_json(value, allow_inf_nan=False)
        except ValueError:
            return _dump(value)
        return value
    return _dump(value)


def _dump(value: Any) -> str:
    return to_json(value, inf_nan_mode="null").decode()


def components_text(value: Any) -> str | None:
    """Bundle lines as a JSON list of `{public_id, quantity, product}`, from the new and both legacy spellings."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip() not in NULL_WORDS]
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError("components are neither a list nor text")  # noqa: TRY004 - what pydantic understands
    return _dump([_component(line) for line in value])


def _component(line: Any) -> dict[str, Any]:
    if not isinstance(line, dict):
        line = {"product": line}
    product = line.get("product")
    return {
        "public_id": line.get("public_id"),
        "quantity": line.get("quantity"),
        "product": product if product is None else str(product),
    }


Key = Annotated[str, AfterValidator(_usable_key), Kind.TEXT]
Text = Annotated[str | None, Kind.TEXT]
Integer = Annotated[Annotated[int, Field(ge=-(2**31), lt=2**31)] | None, Kind.INTEGER]
SmallInteger = Annotated[Annotated[int, Field(ge=-(2**15), lt=2**15)] | None, Kind.SMALLINT]
Code = Annotated[Annotated[int, Field(ge=-(2**31), lt=2**31)] | None, BeforeValidator(_leading_digits), Kind.INTEGER]
Money = Annotated[Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,14}(\.[0-9]{1,4})?$")] | None, Kind.MONEY]
Stamp = Annotated[Annotated[datetime, AfterValidator(_instant)] | None, Kind.STAMP]
Day = Annotated[Annotated[date, BeforeValidator(_day_part)] | None, Kind.DAY]
Flag = Annotated[bool | None, Kind.FLAG]
Json = Annotated[Annotated[str | None, BeforeValidator(json_text)] | None, Kind.JSON]
Components = Annotated[Annotated[str | None, BeforeValidator(components_text)] | None, Kind.JSON]

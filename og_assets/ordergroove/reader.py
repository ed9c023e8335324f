"""Record bodies in, canonical records out: every body ends as an accepted record or as one for quarantine.

The common body is read in one compiled call. Only a body with an odd value takes the second look,
in which the documented odd spellings are understood and the rest becomes null with a note.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from og_assets.columns import Kind
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.fields import NULL_WORDS
from og_assets.ordergroove.masking import KEEPING, Masking
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.record_mask import RecordMask

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A body that has a key: its canonical values as a JSON object, and what was left out of typed columns."""

    values: bytes
    raw: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A body without a usable key, whole, for `ops.quarantine`."""

    reason: str
    raw: str


class RecordReader:
    """Reads the bodies of one object; stamps without a zone are read on `clock`, `masking` is done before all else."""

    def __init__(self, object: OrdergrooveObject, clock: SourceClock, masking: Masking = KEEPING) -> None:
        self._object = object
        self._mask = RecordMask(object, masking)
        self._clock = clock
        self._validate = object.record.__pydantic_validator__
        self._dump = object.record.__pydantic_serializer__.to_json
        self._paths = {name: object.record.path(name) for name in object.record.model_fields}
        self._kinds = {column.name: column.kind for column in object.columns}

    def read(self, body: bytes) -> Accepted | Refused:
        """One body, of any content, as a record or as refused. Never raises for what the body holds."""
        try:
            raw = body.decode()
        except UnicodeDecodeError:
            text = body.decode(errors="backslashreplace")
            return Refused("the record is not valid UTF-8", self._mask.unreadable(text))
        masked = self._mask.record(body)
        if masked is None:
            return Refused(_parse(raw)[0], self._mask.unreadable(raw))
        if masked is not body:
            raw = masked.decode()
        try:
            record = self._validate.validate_json(masked, context=self._clock)
        except ValidationError:
            return self._second_look(raw)
        return Accepted(self._dump(record), raw)

    def _second_look(self, raw: str) -> Accepted | Refused:
        raw = self._mask.odd(raw)
        reason, body = _parse(raw)
        if reason:
            return Refused(reason, self._mask.refused(raw))
        values = {name: _look_up(body, path) for name, path in self._paths.items()}
        for name in self._object.key:
            if not _is_usable_key(values[name]):
                return Refused(f"the key {name} is missing or empty", self._mask.refused(raw))
        notes: list[str] = []
        odd: set[str] = set()
        for name in self._failing(values):
            values[name], note = self._repair(name, values[name])
            if note:
                notes.append(f"{name}: {note}")
            if note and self._kinds[name] is Kind.TEXT:
                odd.add(str(self._paths[name][0]))
        for name in self._failing(values):
            values[name] = None
            notes.append(f"{name}: not {_EXPECTED[self._kinds[name]]}")
            odd.add(str(self._paths[name][0]))
        hidden = self._mask.hide(raw, odd)
        if hidden != raw:
            # What does not fit its column may be anything, a person's name too.
            again = self._second_look(hidden)
            return replace(again, notes=tuple(notes)) if isinstance(again, Accepted) else again
        record = self._validate.validate_python(values, context=self._clock, by_alias=False, by_name=True)
        return Accepted(self._dump(record), raw, tuple(notes))

    def _failing(self, values: dict[str, Any]) -> list[str]:
        try:
            self._validate.validate_python(values, context=self._clock, by_alias=False, by_name=True)
        except ValidationError as error:
            return list(dict.fromkeys(str(line["loc"][0]) for line in error.errors(include_url=False)))
        return []

    def _repair(self, name: str, value: Any) -> tuple[Any, str | None]:
        kind = self._kinds[name]
        if kind is not Kind.TEXT and isinstance(value, str) and value.strip() in NULL_WORDS:
            return None, None
        repair = _REPAIRS.get(kind)
        return repair(value, self._clock) if repair else (value, None)


def _parse(raw: str) -> tuple[str, Any]:
    """Why a body cannot be read, empty when it can, and the JSON object that it is."""
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError:
        return "the record is not valid JSON", None
    return "" if isinstance(body, dict) else "the record is not a JSON object", body


def _look_up(body: Any, path: Path) -> Any:
    for step in path:
        body = body.get(step) if isinstance(body, dict) else None
    return body


def _is_usable_key(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    return str(value).strip() not in NULL_WORDS


def _repair_money(value: Any, _: SourceClock) -> tuple[Any, str | None]:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value, None
    try:
        amount = Decimal(str(value).strip())
        rounded = amount.quantize(Decimal("0.0001"))
    except InvalidOperation:
        return value, None
    if not rounded.is_finite():
        return value, None
    return f"{rounded:f}", None if rounded == amount else "rounded to 4 decimals"


def _repair_stamp(value: Any, clock: SourceClock) -> tuple[Any, str | None]:
    """A wall clock that spring skipped: the same time counted from before the change."""
    try:
        naive = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value, None
    if naive.tzinfo is not None or not clock.is_missing(naive):
        return value, None
    return naive + timedelta(hours=1), f"does not exist in {clock.zone_name}, shifted forward"


def _repair_text(value: Any, _: SourceClock) -> tuple[Any, str | None]:
    """A text column that was sent something else: keep it as JSON text."""
    return to_json(value).decode(), "sent as JSON, kept as its text"


_REPAIRS: dict[Kind, Callable[[Any, SourceClock], tuple[Any, str | None]]] = {
    Kind.MONEY: _repair_money,
    Kind.STAMP: _repair_stamp,
    Kind.TEXT: _repair_text,
}
_EXPECTED = {
    Kind.TEXT: "text",
    Kind.INTEGER: "a whole number of 32 bits",
    Kind.SMALLINT: "a whole number of 16 bits",
    Kind.MONEY: "an amount of at most 14 digits",
    Kind.STAMP: "a date and time",
    Kind.DAY: "a date",
    Kind.FLAG: "true or false",
    Kind.JSON: "JSON",
}

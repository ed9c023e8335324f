"""Record bodies in, canonical records out: every body ends as an accepted record or as one for quarantine.

The common body is read in one compiled call. Only a body with an odd value takes the second look, in which each value
is read by itself: what the documents show somewhere is understood, and the rest becomes null with a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import structs
from pydantic import ValidationError
from pydantic_core import to_json

from og_assets.columns import Kind
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.json_text import DEEPEST, BrokenBody, cut_object, is_json, is_too_deep, text_of
from og_assets.ordergroove.masking import MARK, Masking
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.plain import PlainRecords
from og_assets.ordergroove.record_mask import RecordMask
from og_assets.ordergroove.spellings import NULL_WORDS, Misfit, Reading

Path = tuple[str | int, ...]


class Accepted(msgspec.Struct, frozen=True):
    """A body that has a key: its canonical values as a JSON object, and what was left out of typed columns."""

    values: bytes
    raw: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A body that cannot be a row, whole, for `ops.quarantine`.

    `raw` shows it, masked, with bytes that are not UTF-8 written out; `digest` tells it from every other body.
    """

    reason: str
    raw: str
    digest: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: where in a body its value is, and how it is read."""

    name: str
    kind: Kind
    path: Path
    read: Reading


class RecordReader:
    """Reads the bodies of one object; stamps without a zone are read on `clock`, `masking` is done before all else."""

    def __init__(self, object: OrdergrooveObject, clock: SourceClock, masking: Masking) -> None:
        self._object = object
        self._masking = masking
        self._mask = RecordMask(object, masking)
        self._clock = clock
        self._plain = PlainRecords(object, clock, self._mask.record, keeps_personal=masking.keeps_personal)
        plain = object.record.plain()
        self._validate = plain.__pydantic_validator__
        self._dump = plain.__pydantic_serializer__.to_json
        self._columns = [
            _Column(column.name, column.kind, object.record.path(column.name), object.record.reading(column.name))
            for column in object.columns
        ]
        cut = [column for column in self._columns if column.name not in plain.model_fields]
        self._cut_columns = [
            (name, tuple(column for column in cut if column.path[0] == name))
            for name in dict.fromkeys(str(column.path[0]) for column in cut)
        ]
        self._cut = msgspec.json.Decoder(
            msgspec.defstruct("Cut", [(name, msgspec.Raw, _NULL) for name, _ in self._cut_columns])
        )

    def plain(self, bodies: Sequence[bytes]) -> Sequence[bytes | None]:
        """The bodies as they may be written, when the database can read them by itself to what `read` makes of them."""
        return self._plain.find(bodies)

    def offsets(self) -> list[tuple[date, timedelta]]:
        """From which day on what is to be taken off a stamp to make it UTC, for all plain bodies until now."""
        return self._plain.offsets()

    def read(self, body: bytes) -> Accepted | Refused:
        """One body, of any content, as a record or as refused. Never raises for what the body holds."""
        try:
            raw = body.decode()
        except UnicodeDecodeError:
            return self._refuse("the record is not valid UTF-8", body, body)
        masked = self._mask.record(body)
        if masked is not body:
            raw = masked.decode()
        try:
            cut = self._cut.decode(masked)
            record = self._validate.validate_json(masked, context=self._clock)
            values = self._dump(record)
            for name, columns in self._cut_columns:
                if (value := getattr(cut, name)) is not _NULL and (text := bytes(value)) != b"null":
                    for column in columns:
                        values = b"%b,%b}" % (values[:-1], self._cut_out(column, text))
        except (ValidationError, msgspec.MsgspecError, RecursionError, Misfit):
            return self._second_look(body, masked)
        return Accepted(values, raw)

    def _cut_out(self, column: "_Column", text: bytes) -> bytes:
        """A column as a member of the canonical values, read out of the text of its member in the body."""
        value, note = column.read(_inside(text, column.path[1:]), self._clock)
        if note:
            raise Misfit
        return b'"%b":%b' % (column.name.encode(), to_json(value))

    def _second_look(self, body: bytes, masked: bytes) -> Accepted | Refused:
        """The record in `masked`, which is `body` with what must not be written masked in it."""
        problem = _problem(masked)
        if problem:
            return self._refuse(problem, body, masked)
        members = cut_object(masked)
        found = {
            column.name: _inside(members.get(str(column.path[0]), b"null"), column.path[1:]) for column in self._columns
        }
        problem = next(filter(None, (_key_problem(name, found[name], body) for name in self._object.key)), None)
        if problem:
            return self._refuse(problem, body, masked)
        values: dict[str, Any] = {}
        notes: dict[str, str] = {}
        odd: set[str] = set()
        for column in self._columns:
            name = column.name
            try:
                values[name], note = column.read(found[name], self._clock)
            except Misfit:
                values[name], note = None, f"not {_EXPECTED[column.kind]}"
                odd.add(str(column.path[0]))
            if note:
                notes[name] = f"{name}: {note}"
                if column.kind is Kind.TEXT:
                    odd.add(str(column.path[0]))
                    if not self._masking.keeps_personal:
                        values[name] = None
        hidden = self._mask.hide(masked, odd)
        if hidden != masked:
            # What does not fit its column may be anything, a person's name too.
            again = self._second_look(body, hidden)
            return structs.replace(again, notes=_merged(notes, again.notes)) if isinstance(again, Accepted) else again
        return Accepted(to_json(values), masked.decode(), tuple(notes.values()))

    def _refuse(self, reason: str, body: bytes, masked: bytes) -> Refused:
        shown = self._mask.refused(masked).decode(errors="backslashreplace")
        return Refused(reason, shown, self._masking.digest(body))


_NULL = msgspec.Raw(b"null")


def _problem(body: bytes) -> str | None:
    """Why a body cannot be a record; None when it can."""
    if is_too_deep(body):
        return f"the record is nested deeper than {DEEPEST} levels"
    if not is_json(body):
        return "the record is not valid JSON"
    return None if body.lstrip().startswith(b"{") else "the record is not a JSON object"


def _inside(value: bytes, steps: Path) -> bytes:
    """The text of the value at a path below a value, `null` where there is none; text that holds JSON is that JSON."""
    for step in steps:
        if value.startswith(b'"'):
            value = text_of(value).strip().encode()
        if not value.startswith(b"{") or not is_json(value):
            return b"null"
        value = cut_object(value).get(str(step), b"null")
    return value


def _key_problem(name: str, key: bytes, body: bytes) -> str | None:
    """Why the text of a key's value, out of a masked body, tells no record."""
    is_text = key.startswith(b'"')
    if not (text_of(key).strip() not in NULL_WORDS if is_text else key.removeprefix(b"-").isdigit()):
        return f"the key {name} is missing or empty"
    # What masking leaves of a text that shows a secret may be the same for many.
    if is_text and not text_of(key).startswith(MARK) and key != _value_of(body, name):
        return f"the key {name} shows a secret"
    return None


def _value_of(body: bytes, name: str) -> bytes | None:
    try:
        return cut_object(body).get(name)
    except BrokenBody:
        return None


def _merged(notes: dict[str, str], again: tuple[str, ...]) -> tuple[str, ...]:
    """Notes of a first look, and those of a second one on columns that the first had none on."""
    return (*notes.values(), *(note for note in again if note.split(":", 1)[0] not in notes))


_EXPECTED = {
    Kind.INTEGER: "a whole number of 32 bits",
    Kind.SMALLINT: "a whole number of 16 bits",
    Kind.MONEY: "an amount of at most 14 digits",
    Kind.STAMP: "a date and time",
    Kind.DAY: "a date",
    Kind.FLAG: "true or false",
    Kind.JSON: "a list of bundle lines",
}

"""Stored rows as REST bodies (reference: the field tables of the *-list pages), in the strict or a loose spelling."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Literal
from zlib import crc32

from og_assets.emulator.shop.pricing import money
from og_assets.emulator.shop.schema import TABLES, Field, Kind

Dialect = Literal["strict", "loose"]
Body = dict[str, Any]
Write = Callable[[Any], Any]


class Renderer:
    """Renders rows of `schema.select()`; `stamp_zone` is the zone of the wall clocks that bodies carry.

    The loose dialect uses the other spellings that the documents show: booleans as "True" or 1, JSON as
    text, type as text, numbers for codes, "" and "undefined" for what is empty. Which one a value gets
    depends on the row's key and the field alone. A tolerant reader finds the same values in both.
    """

    def __init__(self, merchant: str, stamp_zone: tzinfo, dialect: Dialect = "strict") -> None:
        self._merchant = merchant
        self._loose = dialect == "loose"
        self.stamp = lru_cache(maxsize=65536)(lambda epoch: _wall_clock(epoch, stamp_zone))
        self._writers = {name: self._compiled(name) for name in TABLES}

    def body(self, object_name: str, row: tuple[Any, ...]) -> Body:
        """The body of a row, whose first column is the internal id, which stays inside."""
        values = iter(row)
        next(values)
        body = {}
        for field, write in self._writers[object_name]:
            if write is None:
                body[field.name] = self._merchant if field.kind is Kind.MERCHANT else None
                continue
            value = next(values)
            if value is None and field.optional:
                continue
            body[field.name] = write(value)
        if self._loose:
            loosen(object_name, body)
        return body

    def _compiled(self, object_name: str) -> list[tuple[Field, Write | None]]:
        fields = TABLES[object_name].fields
        return [
            (field, self._writer(field.kind) if field.stored or field.kind is Kind.JOINED else None) for field in fields
        ]

    def _writer(self, kind: Kind) -> Write:
        stamp = self.stamp
        writers: dict[Kind, Write] = {
            Kind.MONEY: money,
            Kind.STAMP: lambda epoch: None if epoch is None else stamp(epoch),
            Kind.JOINED: stamp,
            Kind.PLACE: lambda place: stamp(place) if isinstance(place, int) else place + " 00:00:00",
            Kind.FLAG: lambda value: None if value is None else value == 1,
            Kind.JSON: lambda text: [] if text == "[]" else None if text is None else json.loads(text),
        }
        return writers.get(kind, lambda value: value)


def _wall_clock(epoch: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(epoch, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


EMPTY = (None, "", "undefined", "2017-02-29 12:00:00")
"""What the documents' examples show where a stamp has no value; the last is a day that never was."""


def loosen(object_name: str, body: Body) -> None:
    """Rewrite a strict body in the loose dialect, in place."""
    key = TABLES[object_name].key
    name = str(body[key]) if key is not None else json.dumps(body)
    for field in TABLES[object_name].fields:
        if field.name in body and field.name != key:
            body[field.name] = _loose(field, body[field.name], crc32(f"{name} {field.name}".encode()) >> 3)


def _loose(field: Field, value: Any, dice: int) -> Any:
    if field.kind is Kind.FLAG:
        return (value, str(value), int(value))[dice % 3]
    if field.kind in (Kind.STAMP, Kind.JOINED) and value is None:
        return EMPTY[dice % len(EMPTY)]
    if field.name == "components":
        return _loose_components(value, dice)
    if field.name == "extra_data":
        return (None, "", "null")[dice % 3] if value is None else (value, json.dumps(value))[dice % 2]
    if field.name == "start_date":
        return value + ("", " 12:00:00")[dice % 2]
    if field.name in ("type", "locale"):
        return (value, str(value))[dice % 2]
    if field.name in ("payment_method", "cancel_reason_code") and value is not None and value.isdecimal():
        return (value, int(value))[dice % 2]
    return value


def _loose_components(lines: list[Body], dice: int) -> Any:
    """The legacy spellings, for lines that tell a product only."""
    if any(line["public_id"] is not None for line in lines):
        return lines
    products = [line["product"] for line in lines]
    return (lines, ",".join(products), [{"product": product} for product in products])[dice % 3]

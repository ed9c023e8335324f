"""Pages of an invented merchant as bytes that only need to be joined: any page of any list at any time.

A record's key, `created` and change stamp follow from its page; its other values from one of a few
templates. So the sums of money that a complete pull must arrive at are known without reading a page.
"""

import json
import random
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from og_assets.columns import Column, Kind
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.objects import OrdergrooveObject

FIRST_CHANGE = datetime(2020, 1, 1)  # noqa: DTZ001 - Ordergroove's stamps have no zone
"""The change stamp of the first page; each page is a minute later than the one before."""
AGE = timedelta(days=30)
"""How long before its last change a record was created."""
TEMPLATES = 16

_SLOTS = re.compile("(@KEY@|@CREATED@|@CHANGED@)")
_SCATTER = 2654435761
"""An odd number, so that page numbers times it, modulo 2**32, are all different and in no order."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a table must hold: how many records, and the sum of each column of money."""

    records: int
    money: dict[str, str]


class Listing:
    """The list of one object: `records` of them, of which `changed` were changed again at `changed_at`.

    Changed records come from all over the list, whole pages of them, and stand at its end with other amounts.
    """

    def __init__(self, object: OrdergrooveObject, records: int, changed: int, changed_at: datetime) -> None:
        self._templates = [_template(object, number) for number in range(TEMPLATES)]
        self._records = records
        self._changed_at = changed_at
        self.pages = -(-records // PAGE_SIZE)
        moved = changed // PAGE_SIZE
        again = [number * self.pages // moved for number in range(moved)]
        self._order = [*sorted(set(range(self.pages)) - set(again)), *again]
        self._first_changed = self.pages - moved

    def page(self, position: int) -> bytes:
        """The JSON list of the records at a position of the list, counted in pages."""
        page = self._order[position]
        template = self._template_at(position)
        created = FIRST_CHANGE - AGE + timedelta(minutes=page)
        values = {"@KEY@": page_key(page), "@CREATED@": _minute(created), "@CHANGED@": _minute(self._stamp(position))}
        parts = template.parts.copy()
        parts[1::2] = [values[slot].encode() for slot in template.slots] * PAGE_SIZE
        body = b"".join(parts)
        return body if self._size(page) == PAGE_SIZE else _only(body, lambda records: records[: self._size(page)])

    def since(self, start: str, stamp_name: str) -> tuple[int, bytes]:
        """The position of the first page with a record that changed at or after a wall clock time, and those records.

        The position is that of the end when there is none.
        """
        last_second = timedelta(seconds=59)
        first = datetime.fromisoformat(start)
        position = bisect_left(range(self.pages), first, key=lambda position: self._stamp(position) + last_second)
        if position == self.pages:
            return position, b"[]"
        body = self.page(position)
        if self._stamp(position) < first:
            body = _only(body, lambda records: [record for record in records if record[stamp_name] >= f"{first}"])
        return position, body

    def truth(self, *, only_changed: bool = False) -> Truth:
        """What a complete pull of this list must arrive at, or what its changed records must be."""
        sums = {name: Decimal(0) for name in self._templates[0].money}
        records = 0
        for position in range(self._first_changed if only_changed else 0, self.pages):
            size = self._size(self._order[position])
            records += size
            for name, amounts in self._template_at(position).money.items():
                sums[name] += sum(amounts[:size])
        return Truth(records, {name: str(total) for name, total in sums.items()})

    def _template_at(self, position: int) -> "_Template":
        return self._templates[(self._order[position] + (position >= self._first_changed)) % TEMPLATES]

    def _stamp(self, position: int) -> datetime:
        """The minute of the change of a page's records."""
        if position >= self._first_changed:
            return self._changed_at.replace(second=0, microsecond=0) + timedelta(
                minutes=position - self._first_changed + 1
            )
        return FIRST_CHANGE + timedelta(minutes=self._order[position])

    def _size(self, page: int) -> int:
        return min(PAGE_SIZE, self._records - page * PAGE_SIZE)


def page_key(page: int) -> str:
    """The first eight digits of the keys of a page's records; the slot on the page is the other 24."""
    return f"{page * _SCATTER % 2**32:08x}"


def key_sql(record: str) -> str:
    """SQL for the key of a record by its number, an expression of type BIGINT."""
    page, slot = f"({record}) // {PAGE_SIZE}", f"({record}) % {PAGE_SIZE}"
    return f"format('{{:08x}}{{:024x}}', ({page}) * {_SCATTER} % 4294967296, {slot})"


@dataclass(slots=True)
class _Template:
    parts: list[bytes]
    slots: list[str]
    money: dict[str, list[Decimal]] = field(default_factory=dict)


def _template(object: OrdergrooveObject, number: int) -> _Template:
    dice = random.Random(f"{object.name} {number}")
    records = [record(object, dice, slot) for slot in range(PAGE_SIZE)]
    texts = _SLOTS.split(json.dumps(records, separators=(",", ":")))
    parts = [text.encode() for text in texts]
    slots = texts[1::2][: len(texts[1::2]) // PAGE_SIZE]
    money = {column.name: [Decimal(record[column.name]) for record in records] for column in money_columns(object)}
    return _Template(parts, slots, money)


def money_columns(object: OrdergrooveObject) -> list[Column]:
    """The columns of money that a body has by their own name."""
    return [column for column in _sent(object) if column.kind is Kind.MONEY]


def record(object: OrdergrooveObject, dice: random.Random, slot: int) -> dict[str, Any]:
    """One record, with slots for what follows from its page."""
    body = {column.name: _value(column, dice) for column in _sent(object)}
    stamps = {"created": f"@CREATED@{slot * 60 // PAGE_SIZE:02d}"} if "created" in body else {}
    if object.change_stamp:
        stamps[object.change_stamp] = f"@CHANGED@{slot * 60 // PAGE_SIZE:02d}"
    return {**body, **stamps, object.key[0]: f"@KEY@{slot:024x}"}


def _sent(object: OrdergrooveObject) -> list[Column]:
    """The columns that are fields of the body themselves, not read out of another field."""
    return [column for column in object.columns if object.record.model_fields[column.name].validation_alias is None]


def _value(column: Column, dice: random.Random) -> Any:
    """A value that the reader takes; what the reference shows no example of is mostly null."""
    usual: dict[Kind, Callable[[], Any]] = {
        Kind.TEXT: lambda: f"{dice.getrandbits(160):040x}"[: len(column.example or "")],
        Kind.INTEGER: lambda: dice.randrange(1, 6),
        Kind.SMALLINT: lambda: dice.randrange(1, 6),
        Kind.MONEY: lambda: f"{dice.randrange(50_000) / 100:.2f}",
        Kind.STAMP: lambda: str(FIRST_CHANGE + timedelta(seconds=dice.randrange(86_400 * 365))),
        Kind.DAY: lambda: str(FIRST_CHANGE.date() + timedelta(days=dice.randrange(365))),
        Kind.FLAG: lambda: dice.choice((True, False)),
        Kind.JSON: lambda: None,
    }
    return usual[column.kind]() if column.example or column.kind in (Kind.FLAG, Kind.MONEY) else None


def _minute(stamp: datetime) -> str:
    return f"{stamp:%Y-%m-%d %H:%M:}"


def _only(body: bytes, choose: Any) -> bytes:
    return json.dumps(choose(json.loads(body)), separators=(",", ":")).encode()

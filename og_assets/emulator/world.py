"""The world behind the emulator: a merchant's shop that lives, and the truth about it. Knows no HTTP."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from og_assets.emulator.catalogue import stock
from og_assets.emulator.day import Days
from og_assets.emulator.history import DAYS, ORDERS_PER_CUSTOMER, History
from og_assets.emulator.schema import TABLES, Kind

DEFAULT_NOW = datetime(2025, 6, 3, 17, 30, tzinfo=UTC)
"""A Tuesday, 12:30 in Chicago."""

STAMP_ZONE = ZoneInfo("America/New_York")
"""The zone in which Ordergroove says that it stamps data; which day a planned placement's midnight belongs to."""


class World(Days):
    """A merchant with customers, eighteen months of history and a clock that only tests and callers move.

    The same `seed`, `customers`, `orders` and `now` give the same rows and, under the same calls, the
    same future. `orders` asks for a history of about that many orders in place of `customers`.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        customers: int = 20,
        orders: int | None = None,
        now: datetime = DEFAULT_NOW,
        merchant: str | None = None,
    ) -> None:
        super().__init__(seed, now, merchant)
        if orders is not None:
            customers = max(1, round(orders / ORDERS_PER_CUSTOMER))
        self.catalogue = stock(self.store, self.rng, self.epoch - (DAYS + 30) * 86400)
        History(self.store, self.rng, self.catalogue, self.merchant, self.epoch, customers).write()
        self.store.index()

    def count(self, object_name: str) -> int:
        """How many rows an object has, hidden ones included."""
        return int(self.store.value(f'SELECT count(*) FROM "{object_name}"'))

    def keys(self, object_name: str, where: str = "1", *values: object) -> list[str]:
        """The keys of an object's rows in order of creation; `where` is SQL over its stored columns."""
        sql = f'SELECT "{TABLES[object_name].key}" FROM "{object_name}" WHERE {where} ORDER BY id'
        return [key for (key,) in self.store.tuples(sql, values)]

    def truth(self, object_name: str, *, stamp_zone: tzinfo = STAMP_ZONE) -> Iterator[dict[str, Any]]:
        """The rows of an object as they should stand in a warehouse now, hidden ones included, deleted ones not.

        Field names are Ordergroove's. Stamps are aware UTC datetimes, money is Decimal, days are dates,
        JSON is Python objects. Orders tell `place` as an instant (midnight of `stamp_zone` while only
        planned) and `place_date` as the day that Ordergroove writes.
        """
        table = TABLES[object_name]
        read_fields = [field for field in table.fields if field.stored or field.kind is Kind.JOINED]
        names = [field.name for field in read_fields]
        readers = [(field.name, _READERS[field.kind]) for field in read_fields if field.kind in _READERS]
        constants = {
            field.name: self.merchant if field.kind is Kind.MERCHANT else None
            for field in table.fields
            if field.kind in (Kind.MERCHANT, Kind.NULL)
        }
        places = [field.name for field in table.fields if field.kind is Kind.PLACE]
        sql = f'{select(object_name)} WHERE "{object_name}".id > ? ORDER BY "{object_name}".id'
        for row in self.store.scan(sql):
            truth = dict(zip(names, row[1:], strict=True)) | constants
            for name, read in readers:
                truth[name] = read(truth[name])
            for name in places:
                truth |= _place(truth[name], stamp_zone)
            yield truth


def select(object_name: str, tables: str | None = None) -> str:
    """SELECT of the internal id and the fields that have a column, in the order of the body.

    A placement's column tells an instant (whole number) once it was tried, a day (text) before.
    """
    columns = []
    for field in TABLES[object_name].fields:
        if field.kind is Kind.PLACE:
            columns.append("coalesce(orders.place_at, orders.place)")
        elif field.kind is Kind.JOINED:
            columns.append("orders.updated")
        elif field.stored:
            columns.append(f'"{object_name}"."{field.name}"')
    if tables is None:
        tables = ITEMS_FIRST if object_name == "items" else f'"{object_name}"'
    return f'SELECT "{object_name}".id, {", ".join(columns)} FROM {tables}'


ITEMS_FIRST = 'items CROSS JOIN orders ON orders.public_id = items."order"'
"""In SQLite CROSS JOIN fixes the order of the loops: items in order of creation, each looking up its order."""


def instant(epoch: int) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch, UTC)


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.MONEY: _or_none(lambda cents: Decimal(cents).scaleb(-2)),
    Kind.STAMP: _or_none(instant),
    Kind.JOINED: _or_none(instant),
    Kind.DAY: _or_none(date.fromisoformat),
    Kind.FLAG: _or_none(bool),
    Kind.JSON: _or_none(json.loads),
    Kind.CODE: _or_none(str),
}


def _place(place: int | str, zone: tzinfo) -> dict[str, Any]:
    if isinstance(place, int):
        return {"place": instant(place), "place_date": instant(place).astimezone(zone).date()}
    day = date.fromisoformat(place)
    return {"place": datetime.combine(day, time(), zone).astimezone(UTC), "place_date": day}

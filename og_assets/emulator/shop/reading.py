"""What stands in a world: its rows counted, found, and told as they should stand in a warehouse."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from og_assets.emulator.shop.clock import STAMP_ZONE, instant
from og_assets.emulator.shop.schema import TABLES, Kind, select
from og_assets.emulator.shop.state import Shop


def count(shop: Shop, object_name: str) -> int:
    """How many rows an object has, hidden ones included."""
    return int(shop.store.value(f'SELECT count(*) FROM "{object_name}"'))


def keys(shop: Shop, object_name: str, where: str = "1", *values: object) -> list[str]:
    """The keys of an object's rows in order of creation; `where` is SQL over its stored columns."""
    sql = f'SELECT "{TABLES[object_name].key}" FROM "{object_name}" WHERE {where} ORDER BY id'
    return [key for (key,) in shop.store.tuples(sql, values)]


def truth(shop: Shop, object_name: str, *, stamp_zone: tzinfo = STAMP_ZONE) -> Iterator[dict[str, Any]]:
    """The rows of an object as they should stand in a warehouse now, hidden ones included, deleted ones not.

    Field names are Ordergroove's. Stamps are aware UTC datetimes, money is Decimal, days are dates,
    JSON is Python objects. Orders tell `place` as an instant (midnight of `stamp_zone` while only
    planned) and `place_date` as the day that Ordergroove writes.
    """
    sql = f'{select(object_name)} WHERE "{object_name}".id > ? ORDER BY "{object_name}".id'
    yield from told(shop, object_name, shop.store.scan(sql), stamp_zone)


def told(
    shop: Shop, object_name: str, rows: Iterable[tuple[Any, ...]], stamp_zone: tzinfo = STAMP_ZONE
) -> Iterator[dict[str, Any]]:
    """Rows of `schema.select()` as `truth` tells them."""
    table = TABLES[object_name]
    read_fields = [field for field in table.fields if field.stored or field.kind is Kind.JOINED]
    names = [field.name for field in read_fields]
    readers = [(field.name, _READERS[field.kind]) for field in read_fields if field.kind in _READERS]
    constants = {
        field.name: shop.merchant if field.kind is Kind.MERCHANT else None
        for field in table.fields
        if field.kind in (Kind.MERCHANT, Kind.NULL)
    }
    places = [field.name for field in table.fields if field.kind is Kind.PLACE]
    for row in rows:
        record = dict(zip(names, row[1:], strict=True)) | constants
        for name, read in readers:
            record[name] = read(record[name])
        for name in places:
            record |= _place(record[name], stamp_zone)
        yield record


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

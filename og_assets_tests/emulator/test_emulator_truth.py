"""What the lists tell is the truth of the world, in both dialects and any zone."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from emulator_reading import HEADERS, read_all

from og_assets.emulator import Emulator, World
from og_assets.emulator.shop.schema import TABLES, Kind
from og_assets.ordergroove.objects import OBJECTS

EMPTY = (None, "", "null", "undefined", "2017-02-29 12:00:00")


def understood(kind: Kind, value: Any, zone: ZoneInfo) -> Any:
    """A value of a body as a tolerant reader takes it."""
    if kind in (Kind.STAMP, Kind.JOINED, Kind.PLACE):
        return None if value in EMPTY else datetime.fromisoformat(value).replace(tzinfo=zone).astimezone(UTC)
    if kind is Kind.FLAG:
        return value in (True, 1, "True")
    if kind is Kind.JSON:
        return None if value in EMPTY[:3] else json.loads(value) if isinstance(value, str) else value
    if kind is Kind.INT:
        return None if value is None else int(value)
    if value is None:
        return None
    readers = {Kind.MONEY: Decimal, Kind.DAY: lambda text: date.fromisoformat(text[:10]), Kind.NULL: lambda _: None}
    return readers.get(kind, str)(value)


def components(value: Any) -> Any:
    """Bundle lines from any of their spellings."""
    if isinstance(value, str):
        value = [{"product": part} for part in value.split(",") if part]
    return [{"public_id": None, "quantity": None, **line} for line in value]


def understood_body(name: str, body: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """A body as a tolerant reader takes it, with every field of its table."""
    record = {
        field.name: understood(field.kind, body.get(field.name), zone)
        for field in TABLES[name].fields
        if field.name != "components"
    }
    if "components" in body:
        record["components"] = components(body["components"])
    if name == "orders":
        record["place_date"] = date.fromisoformat(body["place"][:10])
    return record


def ordered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records in an order that both sides share."""
    return sorted(records, key=lambda record: json.dumps(record, sort_keys=True, default=str))


@pytest.mark.parametrize("dialect", ["strict", "loose"])
@pytest.mark.parametrize("zone_name", ["America/New_York", "America/Chicago", "Etc/GMT+5"])
def test_every_list_tells_the_truth(dialect: Any, zone_name: str) -> None:
    """After a lively week every list, read whole, equals the truth of the world."""
    zone = ZoneInfo(zone_name)
    world = World(3, customers=60)
    for _ in range(7):
        world.simulate_day()
    emulator = Emulator(world, stamp_zone=zone, dialect=dialect)
    with emulator, httpx.Client(base_url=emulator.url, headers=HEADERS) as client:
        for listed in OBJECTS:
            bodies = read_all(client, listed.path, **listed.params)
            found = [understood_body(listed.name, body, zone) for body in bodies]
            assert ordered(found) == ordered(list(world.truth(listed.name, stamp_zone=zone))), listed.name


def test_money_adds_up() -> None:
    """Sub-totals are the sums of line totals, and totals are sub-total, tax and shipping, after any day."""
    world = World(5, customers=80)
    for _ in range(10):
        world.simulate_day()
    lines: dict[str, Decimal] = {}
    for item in world.truth("items"):
        lines[item["order"]] = lines.get(item["order"], Decimal(0)) + item["total_price"]
    for order in world.truth("orders"):
        assert order["sub_total"] == lines.get(order["public_id"], 0)
        assert order["total"] == order["sub_total"] + order["tax_total"] + order["shipping_total"]


def test_every_item_lies_in_an_order_that_exists() -> None:
    """Deletions leave no item behind without its order, and no unsent order without items."""
    world = World(6, customers=80)
    for _ in range(10):
        world.simulate_day()
    orders = {order["public_id"]: order["status"] for order in world.truth("orders")}
    filled = {item["order"] for item in world.truth("items")}
    assert filled <= orders.keys()
    assert {order for order, status in orders.items() if status == 1} <= filled


def test_same_seed_same_world() -> None:
    """Seed and calls decide everything, ids included."""
    worlds = [World(11, customers=15) for _ in range(2)]
    for world in worlds:
        world.simulate_day()
    for name in TABLES:
        assert list(worlds[0].truth(name)) == list(worlds[1].truth(name))
    assert [event.envelope() for event in worlds[0].events] == [event.envelope() for event in worlds[1].events]


def test_the_world_of_a_seed_stays_as_it_is() -> None:
    """What is measured or reported about a seed holds from release to release: a change here wants its reason."""
    world = World(12, customers=25)
    for _ in range(5):
        world.simulate_day()
    told = hashlib.sha256()
    for name in TABLES:
        told.update(repr([*world.truth(name), world.deleted(name)]).encode())
    told.update(json.dumps([event.envelope() for event in world.events]).encode())
    assert (len(world.events), told.hexdigest()[:16]) == (108, "fa94412f88bcb5b1")


def test_no_stamp_lies_in_the_future() -> None:
    """No row was created or changed after the world's now."""
    world = World(8, customers=60)
    world.simulate_day()
    for name in TABLES:
        for row in world.truth(name):
            stamps = [row[field.name] for field in TABLES[name].fields if field.kind in (Kind.STAMP, Kind.JOINED)]
            assert all(stamp is None or stamp <= world.now for stamp in stamps)


def test_history_holds_the_states_that_a_reader_must_survive() -> None:
    """Even a small world has sent, refused, skipped and upcoming orders, bundles, prepaid terms and one-time items."""
    world = World(0)
    assert {1, 3, 4, 5} <= {order["status"] for order in world.truth("orders")}
    subscriptions = list(world.truth("subscriptions"))
    assert any(row["components"] for row in subscriptions)
    assert any(row["prepaid_subscription_context"] for row in subscriptions)
    assert any(row["cancelled"] for row in subscriptions)
    assert any(item["subscription"] is None for item in world.truth("items"))
    assert any(row["status"] == "archived" for row in world.truth("offer_profiles"))
    assert any(row["discontinued"] for row in world.truth("products"))
    assert timedelta(days=300) < world.now - min(row["created"] for row in subscriptions) < timedelta(days=600)

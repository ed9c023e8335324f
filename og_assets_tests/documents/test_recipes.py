"""The recipes for analysts give the answers that the emulated merchant itself gives."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.shop.statuses import CANCELLED, SUCCESS, UNSENT
from og_assets.emulator.world import World
from og_assets.playground.sample import fill

NEW_YORK = ZoneInfo("America/New_York")
FILE = Path(__file__).parents[2] / "docs" / "recipes.sql"
TITLE = re.compile(r"^-- (\d+)\. (.+)$", re.MULTILINE)
Rows = list[tuple[Any, ...]]


def recipes() -> dict[int, str]:
    """The recipes by their number."""
    parts = TITLE.split(FILE.read_text())[1:]
    return {int(number): sql for number, sql in zip(parts[::3], parts[2::3], strict=True)}


@pytest.fixture(scope="module")
def world() -> World:
    """A merchant who lives today, since the recipes ask for the next days."""
    world = World(seed=3, customers=130, now=datetime.now(UTC) - timedelta(days=2))
    world.remember()
    return world


@pytest.fixture(scope="module")
def connection(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    """What a sync has made of it."""
    folder = tmp_path_factory.mktemp("recipes")
    warehouse = WarehouseResource(database=str(folder / "ordergroove.duckdb"))
    fill(warehouse, world, folder / "inbox.sqlite")
    with warehouse.get_connection(read_only=True) as connection:
        yield connection


def month(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def placed(world: World) -> Iterator[Mapping[str, Any]]:
    """The orders that were placed."""
    return (order for order in world.truth("orders") if order["status"] == SUCCESS)


def active(world: World) -> Iterator[Mapping[str, Any]]:
    """The subscriptions that are active."""
    return (subscription for subscription in world.truth("subscriptions") if subscription["live"])


def active_by_product(world: World) -> set[tuple[Any, ...]]:
    names = {product["external_product_id"]: product["name"] for product in world.truth("products")}
    counts, units = Counter[str](), Counter[str]()
    for subscription in active(world):
        counts[subscription["product"]] += 1
        units[subscription["product"]] += subscription["quantity"]
    return {(product, names[product], count, units[product]) for product, count in counts.items()}


def upcoming_by_week(world: World) -> set[tuple[Any, ...]]:
    items = Counter(item["order"] for item in world.truth("items"))
    weeks: dict[tuple[date, str], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for order in world.truth("orders"):
        if order["status"] == UNSENT:
            day = order["place_date"]
            week = weeks[day - timedelta(days=day.weekday()), order["currency_code"]]
            week[0] += 1
            week[1] += items[order["public_id"]]
            week[2] += order["total"]
    return {(week, *figures, currency) for (week, currency), figures in weeks.items()}


def cancellations_by_reason(world: World) -> set[tuple[Any, ...]]:
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for subscription in world.truth("subscriptions"):
        if subscription["cancelled"]:
            code = int(subscription["cancel_reason_code"].split("|")[0])
            found[code].append((subscription["cancelled"].replace(tzinfo=None), subscription["cancel_reason"]))
    rows = set()
    for code, reasons in found.items():
        coded = [(when, text) for when, text in reasons if text.startswith(f"{code}|")]
        wording = max(coded)[1].partition("|")[2] if coded else None
        rows.add((code, wording, len(reasons), len(reasons) - len(coded), max(reasons)[0]))
    assert any(own_words for _, _, _, own_words, _ in rows)
    return rows


def repeat_orders(world: World) -> set[tuple[Any, ...]]:
    successful = {order["public_id"] for order in placed(world)}
    orders: dict[str, set[str]] = {subscription["public_id"]: set() for subscription in world.truth("subscriptions")}
    for item in world.truth("items"):
        if item["order"] in successful and item["subscription"]:
            orders[item["subscription"]].add(item["order"])
    return set(Counter(map(len, orders.values())).items())


def upsell_share(world: World) -> set[tuple[Any, ...]]:
    months = {order["public_id"]: (month(order["place_date"]), order["currency_code"]) for order in placed(world)}
    sums: dict[tuple[date, str], list[Decimal]] = {key: [Decimal(0), Decimal(0)] for key in months.values()}
    for item in world.truth("items"):
        if item["order"] in months:
            sums[months[item["order"]]][item["subscription"] is None] += item["total_price"]
    return {(*key, held, once, round(float(100 * once / (held + once)), 1)) for key, (held, once) in sums.items()}


def revenue_by_month(world: World) -> set[tuple[Any, ...]]:
    items: dict[str, Decimal] = defaultdict(Decimal)
    for item in world.truth("items"):
        items[item["order"]] += item["total_price"]
    found: dict[tuple[date, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for order in placed(world):
        key = month(order["place_date"]), order["currency_code"]
        found[key].append((items[order["public_id"]], order["total"]))
    rows = set()
    for key, orders in found.items():
        total = sum(total for _, total in orders)
        rows.add(
            (*key, len(orders), sum(of_items for of_items, _ in orders), total, round(float(total / len(orders)), 2))
        )
    return rows


def subscriptions_per_customer(world: World) -> set[tuple[Any, ...]]:
    counts = Counter(subscription["customer"] for subscription in active(world))
    return set(Counter(counts[customer["merchant_user_id"]] for customer in world.truth("customers")).items())


def demand(world: World) -> set[tuple[Any, ...]]:
    names = {product["external_product_id"]: product["name"] for product in world.truth("products")}
    horizon = datetime.now(UTC).date() + timedelta(days=30)
    due = {o["public_id"] for o in world.truth("orders") if o["status"] == UNSENT and o["place_date"] < horizon}
    units, orders = Counter[str](), defaultdict[str, set[str]](set)
    boxes = 0
    for item in world.truth("items"):
        if item["order"] in due:
            boxes += bool(item["components"])
            for part in item["components"] or [{"product": item["product"], "quantity": 1}]:
                units[part["product"]] += item["quantity"] * (part["quantity"] or 1)
                orders[part["product"]].add(item["order"])
    assert boxes
    return {(product, names[product], count, len(orders[product])) for product, count in units.items()}


def frequencies(world: World) -> set[tuple[Any, ...]]:
    periods = {1: "days", 2: "weeks", 3: "months", 4: "years"}
    counts = Counter((subscription["every"], periods[subscription["every_period"]]) for subscription in active(world))
    return {(*key, count) for key, count in counts.items()}


def biggest_customers(world: World) -> set[tuple[Any, ...]]:
    orders: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for order in placed(world):
        orders[order["customer"], order["currency_code"]].append(order)
    spent = [
        (
            *key,
            len(found),
            sum(order["total"] for order in found),
            min(order["place_date"] for order in found),
            max(order["place_date"] for order in found),
        )
        for key, found in orders.items()
    ]
    return set(sorted(spent, key=lambda row: (-row[3], row[0]))[:100])


TRUTHS: Mapping[int, Callable[[World], set[tuple[Any, ...]]]] = {
    1: active_by_product,
    2: upcoming_by_week,
    3: cancellations_by_reason,
    4: repeat_orders,
    5: upsell_share,
    8: revenue_by_month,
    10: subscriptions_per_customer,
    11: demand,
    14: frequencies,
    16: biggest_customers,
}


def test_recipes_are_numbered_and_there_is_a_dozen_of_them() -> None:
    """Each has a title and one statement."""
    assert list(recipes()) == list(range(1, len(recipes()) + 1))
    assert len(recipes()) >= 12


@pytest.mark.parametrize("number", TRUTHS)
def test_the_answer_is_that_of_the_merchant(number: int, connection: DuckDBPyConnection, world: World) -> None:
    """Computed from the emulator's own rows, in another language."""
    rows = connection.execute(recipes()[number]).fetchall()
    expected = TRUTHS[number](world)
    assert expected
    assert set(rows) == expected
    assert len(rows) == len(expected)


@pytest.mark.parametrize("number", sorted(recipes().keys() - TRUTHS.keys() - {6, 9, 12, 17}))
def test_every_other_recipe_has_rows(number: int, connection: DuckDBPyConnection) -> None:
    """A question that nothing answers teaches nobody anything."""
    assert connection.execute(recipes()[number]).fetchall()


def test_churn_counts_what_was_active_and_what_of_it_left(connection: DuckDBPyConnection, world: World) -> None:
    """Month by month, in days of New York; who left and was taken up again has left."""
    rows = connection.execute(recipes()[9]).fetchall()
    today = datetime.now(NEW_YORK).date()
    assert [row[0] for row in rows if row[-1]] == [month(today)]
    switches = defaultdict[str, list[tuple[date, bool]]](list)
    for switch in world.switches():
        switches[switch.subscription].append((day_of(switch.at), switch.live))
    for first, active_at_start, cancelled, *_ in rows:
        following = month(first + timedelta(days=32))
        found = [told for told in switches.values() if is_live(told, before=first)]
        assert active_at_start == len(found)
        ended = [told for told in found if any(first <= day < following and not live for day, live in told)]
        assert cancelled == len(ended)


def is_live(switches: list[tuple[date, bool]], *, before: date) -> bool:
    """Whether a subscription was on when the day `before` began."""
    return [False, *(live for day, live in switches if day < before)][-1]


def day_of(instant: datetime) -> date:
    return instant.astimezone(NEW_YORK).date()


def known_to_be_deleted(connection: DuckDBPyConnection, world: World, object_name: str) -> int:
    """How many a warehouse can know of: not of what was made and deleted between two syncs without a webhook."""
    seen = connection.execute(
        f"SELECT public_id FROM ordergroove.{object_name}"
        " UNION SELECT object_id FROM ordergroove.events WHERE type = ?",
        [{"orders": "order.delete", "items": "item.remove"}[object_name]],
    ).fetchall()
    return len({(key,) for key in world.deleted(object_name)} & set(seen))


def test_skipped_and_deleted_orders_are_those_of_the_merchant(connection: DuckDBPyConnection, world: World) -> None:
    """Month by month."""
    rows = connection.execute(recipes()[6]).fetchall()
    skipped = Counter(month(order["place_date"]) for order in world.truth("orders") if order["status"] == CANCELLED)
    assert {first: count for first, count, _ in rows if count} == skipped
    assert sum(count for _, _, count in rows) == known_to_be_deleted(connection, world, "orders") > 0


def test_deletions_are_those_of_the_merchant_and_both_sources_are_there(
    connection: DuckDBPyConnection, world: World
) -> None:
    """By object."""
    counts = Counter[str]()
    sources = set()
    for object_name, source, count, delay in connection.execute(recipes()[12]).fetchall():
        assert delay > timedelta(), "the emulated merchant deletes before we look"
        counts[object_name] += count
        sources.add(source)
    assert {"webhook", "sweep"} <= sources
    assert counts == Counter({name: known_to_be_deleted(connection, world, name) for name in ("orders", "items")})


def test_orders_that_do_not_add_up_are_found(connection: DuckDBPyConnection) -> None:
    """The emulated merchant has none."""
    assert connection.execute(recipes()[17]).fetchall() == []

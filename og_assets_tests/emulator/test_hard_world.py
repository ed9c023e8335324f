"""A hard world has all that an ordinary one seldom meets, and is as true and as repeatable."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from emulator_reading import HEADERS, read_all
from test_emulator_truth import ordered, understood_body

from og_assets.emulator import HARD, Emulator, World
from og_assets.emulator.shop.clock import STAMP_ZONE
from og_assets.emulator.shop.hard import prepaid, trials
from og_assets.emulator.shop.schema import TABLES
from og_assets.ordergroove.objects import OBJECTS

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def hard() -> World:
    """A hard world; nobody changes it."""
    return World(11, customers=60, habits=HARD)


@pytest.fixture(scope="module")
def told(hard: World) -> dict[str, Rows]:
    """Its rows by object."""
    return {name: list(hard.truth(name)) for name in TABLES}


def boxes(told: dict[str, Rows]) -> Iterator[tuple[str, dict[str, Any], Decimal]]:
    """Subscription, order and worth of each box."""
    orders = {row["public_id"]: row for row in told["orders"]}
    worth: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in told["items"]:
        if item["subscription"]:
            worth[item["subscription"], item["order"]] += item["total_price"]
    return ((subscription, orders[order], amount) for (subscription, order), amount in worth.items())


def test_same_seed_same_hard_world() -> None:
    """Seed and calls decide everything, skips included."""
    worlds = [World(11, customers=5, habits=HARD) for _ in range(2)]
    for world in worlds:
        world.simulate_day()
    for name in TABLES:
        assert list(worlds[0].truth(name)) == list(worlds[1].truth(name))
    assert worlds[0].skips == worlds[1].skips
    assert [event.envelope() for event in worlds[0].events] == [event.envelope() for event in worlds[1].events]


def test_its_now_is_the_one_that_was_asked_for_and_no_event_tells_of_its_past(hard: World) -> None:
    """The lived days lie before now."""
    assert World(1, customers=1, habits=HARD, now=datetime(2026, 1, 31, tzinfo=UTC)).now == datetime(
        2026, 1, 31, tzinfo=UTC
    )
    assert hard.events == []


def test_every_list_tells_the_truth_of_a_hard_world() -> None:
    """Read whole, after a day more."""
    world = World(3, customers=10, habits=HARD)
    world.simulate_day()
    with Emulator(world) as emulator, httpx.Client(base_url=emulator.url, headers=HEADERS) as client:
        for listed in OBJECTS:
            bodies = read_all(client, listed.path, **listed.params)
            found = [understood_body(listed.name, body, STAMP_ZONE) for body in bodies]
            assert ordered(found) == ordered(list(world.truth(listed.name))), listed.name


def test_money_adds_up_in_a_hard_world(told: dict[str, Rows]) -> None:
    """Whatever incentives, prepaid terms and trials take off."""
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for item in told["items"]:
        lines[item["order"]] += item["total_price"]
        assert item["total_price"] >= 0
    for order in told["orders"]:
        assert order["sub_total"] == lines[order["public_id"]]
        assert order["total"] == order["sub_total"] + order["tax_total"] + order["shipping_total"]


def test_an_order_has_one_currency_and_a_customer_may_have_two(told: dict[str, Rows]) -> None:
    """Nothing of another currency is put into an order when it is made."""
    assert len({row["currency_code"] for row in told["orders"]}) == 3
    by_customer = defaultdict(set)
    for row in told["subscriptions"]:
        by_customer[row["customer"]].add(row["currency_code"])
    assert {len(currencies) for currencies in by_customer.values()} >= {1, 2}


def test_its_past_has_all_statuses_and_outcomes(told: dict[str, Rows], hard: World) -> None:
    """In motion for long, recovered, refused in a row, cancelled by the shop, merged."""
    entered = {new for *_, new in hard.changes_of("orders", "status")}
    assert entered == {3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20}
    old = hard.now.date() - timedelta(days=3)
    assert {row["status"] for row in told["orders"] if row["place_date"] < old} & {6, 9, 10, 11, 12, 13, 15, 18, 19, 20}
    assert any(row["status"] == 5 and row["tries"] > 1 for row in told["orders"])
    assert any(row["status"] == 4 and row["tries"] and '"030"' in row["rejected_message"] for row in told["orders"])
    outcomes = defaultdict(list)
    for subscription, order, _ in sorted(boxes(told), key=lambda box: box[1]["place_date"]):
        if order["status"] in (3, 5):
            outcomes[subscription].append(order["status"])
    assert any(decided[-3:] == [3, 3, 3] for decided in outcomes.values())
    merged = [row["extra_data"]["merged_order_id"] for row in told["orders"] if row["status"] == 17]
    assert merged


def test_subscriptions_of_all_kinds_and_rhythms(told: dict[str, Rows], hard: World) -> None:
    """Imported, on trial with an expiry to come, without or with an odd interval, of a product that ended."""
    rows = told["subscriptions"]
    assert {row["every_period"] for row in rows} >= {1, 2, 3, 4, 9, None}
    assert any(row["frequency_days"] in (0, None) for row in rows)
    assert any(row["every"] is None and row["frequency_days"] for row in rows)
    assert any(row["start_date"] < row["created"].date() - timedelta(days=29) for row in rows)
    trial = [row["free_trial_subscription_context"] for row in rows if row["free_trial_subscription_context"]]
    on = [context for context in trial if context["is_in_free_trial"]]
    assert any(
        context["expiration"] > hard.now.astimezone(STAMP_ZONE).replace(tzinfo=None).isoformat() for context in on
    )
    ended = {row["external_product_id"] for row in told["products"] if row["discontinued"]}
    assert any(row["live"] and row["product"] in ended for row in rows)
    assert {row["merchant_user_id"] for row in told["customers"]} - {row["customer"] for row in rows}


def test_two_boxes_on_a_day_and_boxes_at_the_ends_of_months(told: dict[str, Rows]) -> None:
    """Of one subscription, both placed."""
    placed = Counter(
        (subscription, order["place_date"]) for subscription, order, _ in boxes(told) if order["status"] == 5
    )
    assert max(placed.values()) > 1
    assert any((row["place_date"] + timedelta(days=1)).day == 1 for row in told["orders"])


def test_terms_and_reasons_changed_in_its_past(hard: World) -> None:
    """And subscriptions that had ended were taken up."""
    for field in ("price", "quantity", "product", "every", "currency_code", "cancel_reason"):
        assert hard.changes_of("subscriptions", field), field
    switched = Counter(switch.subscription for switch in hard.switches())
    assert max(switched.values()) > 2
    reasons = {row["cancel_reason_code"] for row in hard.truth("subscriptions")}
    assert "9" in {str(new) for *_, new in hard.changes_of("subscriptions", "cancel_reason_code")} | reasons


def test_incentives_of_items_and_in_per_cent(told: dict[str, Rows]) -> None:
    """An item-level one lowers its item."""
    kinds = {(row["incentive"]["target"], row["incentive"]["discount_type"]) for row in told["one_time_incentives"]}
    assert kinds == {
        ("item", "Discount Percent"),
        ("item", "Flat Amount"),
        ("shipping_total", "Discount Percent"),
        ("shipping_total", "Flat Amount"),
    }


def subscribed(world: World) -> str:
    """A plain subscription of two units at ten dollars without discount."""
    product = world.catalogue.subscribable[0]
    world.catalogue.prices[product] = 1000
    key = world.subscribe(product=product, quantity=2)
    offer = next(offer for offer, percent in world.catalogue.percent_off.items() if percent == 0)
    world.change("subscriptions", key, offer=offer)
    return key


def worth_of_boxes(world: World, subscription: str, number: int) -> list[Decimal]:
    """Place so many boxes of a subscription, one after the other; returns what each was worth."""
    worth = []
    for _ in range(number):
        (item,) = world.store.rows(
            'SELECT items.* FROM items JOIN orders ON orders.public_id = "order" WHERE subscription = ? AND status = 1',
            subscription,
        )
        world.store.update("items", item["public_id"], {"offer": None})
        world.change_item_quantity(item["public_id"], 2)
        worth.append(world.row("items", item["public_id"])["total_price"])
        world.place_order(item["order"])
    return worth


def test_prepaid_boxes_cost_nothing_until_one_renews_at_n_times_the_price() -> None:
    """And what it brought is `last_renewal_revenue`."""
    world = World(2, customers=1, habits=HARD)
    subscription = subscribed(world)
    world.rng.seed(1)
    prepaid.prepay(world, subscription)
    context = next(row for row in world.truth("subscriptions") if row["public_id"] == subscription)[
        "prepaid_subscription_context"
    ]
    context |= {"renewal_behavior": "autorenew", "last_renewal_revenue": 1.0}
    paid = context["prepaid_orders_per_billing"]
    prepaid._set(world, subscription, context)
    free = [0] * (paid - 1)
    assert worth_of_boxes(world, subscription, 2 * paid) == [*free, 2000 * paid, *free, 2000 * paid]
    context = next(row for row in world.truth("subscriptions") if row["public_id"] == subscription)[
        "prepaid_subscription_context"
    ]
    assert (context["last_renewal_revenue"], context["prepaid_orders_remaining"]) == (20.0 * paid, paid - 1)


@pytest.mark.parametrize(("renewal", "goes_on"), [("cancel", False), ("downgrade", True)])
def test_after_the_last_prepaid_box_comes_what_was_agreed(renewal: str, goes_on: bool) -> None:
    """It ends, or each box is billed."""
    world = World(2, customers=1, habits=HARD)
    subscription = subscribed(world)
    prepaid.prepay(world, subscription)
    context = {"prepaid_orders_remaining": 1, "prepaid_orders_per_billing": 3, "renewal_behavior": renewal}
    prepaid._set(world, subscription, context | {"last_renewal_revenue": 60.0})
    assert worth_of_boxes(world, subscription, 1) == [0]
    row = world.row("subscriptions", subscription)
    assert bool(row["live"]) is goes_on
    if goes_on:
        assert row["prepaid_subscription_context"] is None
        assert worth_of_boxes(world, subscription, 2) == [2000, 2000]


def test_boxes_are_free_until_the_trial_is_over() -> None:
    """Those planned by then are priced anew."""
    world = World(2, customers=1, habits=HARD)
    subscription = trials.start_trial(world)
    assert [row["price"] for row in world.truth("items") if row["subscription"] == subscription] == [0]
    trials.end_trial(world, subscription)
    (item,) = (row for row in world.truth("items") if row["subscription"] == subscription)
    assert item["price"] > 0


def test_the_journal_of_skips_tells_who_left_out_what() -> None:
    """A whole order for each subscription in it, a shipment for its own."""
    world = World(2, customers=1, habits=HARD)
    subscription = subscribed(world)
    world.skips.clear()
    (item,) = (row for row in world.truth("items") if row["subscription"] == subscription)
    world.skip_order(item["order"], by="service desk")
    later = world.skip_subscription(subscription)
    first, second = world.skips
    assert (first.order, first.by, first.whole, first.units) == (item["order"], "service desk", True, 2)
    assert first.cents == int(item["total_price"] * 100)
    assert (second.subscription, second.by, second.whole) == (subscription, "customer", False)
    assert later not in (first.order, second.order)


def test_the_record_of_switches_ends_where_the_rows_stand(hard: World) -> None:
    """And says on and off in turn."""
    by_subscription = defaultdict(list)
    for switch in hard.switches():
        by_subscription[switch.subscription].append(switch)
    rows = {row["public_id"]: row for row in hard.truth("subscriptions")}
    assert by_subscription.keys() == rows.keys()
    for key, switched in by_subscription.items():
        assert [switch.live for switch in switched] == [number % 2 == 0 for number in range(len(switched))]
        assert switched == sorted(switched, key=lambda switch: switch.at)
        assert switched[-1].live == rows[key]["live"]
        assert rows[key]["live"] or switched[-1].at == rows[key]["cancelled"]

"""What the operations of a world do to rows, stamps, deletions and events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from og_assets.emulator import World
from og_assets.emulator.shop import people
from og_assets.emulator.shop.habits import EASY
from og_assets.emulator.shop.state import WorldError
from og_assets.emulator.shop.statuses import REJECTED
from og_assets.emulator.shop.subscriptions import subscribe


def truth(world: World, name: str, key: str) -> dict[str, Any]:
    """The row of that key."""
    field = {"customers": "merchant_user_id", "products": "external_product_id"}.get(name, "public_id")
    return next(row for row in world.truth(name) if row[field] == key)


def events(world: World) -> list[str]:
    """The types of all events so far."""
    return [event.type for event in world.events]


@pytest.fixture
def later(world: World) -> World:
    """The world an hour on, so that a moved stamp can be told from an old one."""
    world.advance(timedelta(hours=1))
    return world


def lone_subscription(world: World) -> tuple[str, str, str]:
    """A new subscription of a new customer, its order and its only item, made an hour ago."""
    subscription = world.subscribe(product=world.catalogue.subscribable[0], quantity=2)
    item = next(row for row in world.truth("items") if row["subscription"] == subscription)
    world.advance(timedelta(hours=1))
    world.events.clear()
    return subscription, item["order"], item["public_id"]


def test_cancelling_deletes_the_upcoming_item_and_its_empty_order(world: World) -> None:
    """The subscription stays with its reason; item and order are gone and registered as deleted now."""
    subscription, order, item = lone_subscription(world)
    world.cancel_subscription(subscription, reason=4)
    row = truth(world, "subscriptions", subscription)
    assert (row["live"], row["cancelled"], row["cancel_reason"]) == (False, world.now, "4|Overstocked")
    assert world.deleted("items")[item] == world.deleted("orders")[order] == world.now
    assert events(world) == ["item.remove", "order.delete", "subscription.cancel", "subscriber.cancel"]


def test_cancelling_keeps_an_order_that_holds_other_items(world: World) -> None:
    """Only the subscription's items leave; the order's totals and `updated` follow."""
    subscription, order, item = lone_subscription(world)
    other = world.add_one_time_item(order)
    world.advance(timedelta(hours=1))
    world.cancel_subscription(subscription)
    assert item in world.deleted("items")
    assert truth(world, "orders", order)["updated"] == world.now
    assert truth(world, "orders", order)["sub_total"] == truth(world, "items", other)["total_price"]


def test_skipping_an_order_keeps_it_as_cancelled_and_makes_the_next(world: World) -> None:
    """A skipped order has status 4 and keeps its items; the next shipment has an order of its own."""
    subscription, order, item = lone_subscription(world)
    world.skip_order(order)
    row = truth(world, "orders", order)
    assert (row["status"], row["cancelled"], row["updated"]) == (4, world.now, world.now)
    items = [row["public_id"] for row in world.truth("items") if row["subscription"] == subscription]
    assert len(items) == 2
    assert item in items


def test_skipping_a_subscription_makes_new_items_on_a_later_order(world: World) -> None:
    """The old item id is deleted; a new one ships an interval later."""
    subscription, order, item = lone_subscription(world)
    day = truth(world, "orders", order)["place_date"]
    later_order = world.skip_subscription(subscription)
    assert item in world.deleted("items")
    assert truth(world, "orders", later_order)["place_date"] > day
    assert [row["order"] for row in world.truth("items") if row["subscription"] == subscription] == [later_order]
    assert events(world) == ["item.remove", "order.delete", "order.create", "item.create"]


def test_moving_an_item_keeps_its_id(world: World) -> None:
    """Same item, new order; nothing is registered as a deleted item."""
    _, order, item = lone_subscription(world)
    world.add_one_time_item(order)
    target = world.move_item(item)
    assert truth(world, "items", item)["order"] == target != order
    assert item not in world.deleted("items")
    assert truth(world, "orders", order)["updated"] == truth(world, "orders", target)["updated"] == world.now


def test_an_item_changes_with_its_order(world: World) -> None:
    """Whatever moves an order's `updated` is the `order_updated` of its items."""
    _, order, item = lone_subscription(world)
    for change in (
        lambda: world.change_item_quantity(item, 5),
        lambda: world.add_one_time_item(order),
        lambda: world.change_item_price(item, 123),
        lambda: world.touch("items", item),
        lambda: world.change_order_date(order),
        lambda: world.create_one_time_incentive(order),
    ):
        world.advance(timedelta(minutes=1))
        change()
        assert truth(world, "items", item)["order_updated"] == truth(world, "orders", order)["updated"] == world.now


def test_placing_creates_the_next_order_once(world: World) -> None:
    """The next shipment exists from the first try on; retries make no further one."""
    subscription, order, _ = lone_subscription(world)
    world.place_order(order, 18)
    world.place_order(order, 5)
    row = truth(world, "orders", order)
    assert (row["status"], row["tries"], row["place"]) == (5, 2, world.now)
    assert row["order_merchant_id"] is not None
    assert len([row for row in world.truth("items") if row["subscription"] == subscription]) == 2


def test_nightly_placement_runs_at_three_in_chicago(world: World) -> None:
    """Orders due on a day are placed at 08:00 UTC in summer, not before."""
    _, order, _ = lone_subscription(world)
    tomorrow = world.today + timedelta(days=1)
    world.change_order_date(order, tomorrow.isoformat())
    night = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 8, tzinfo=UTC)
    world.advance(night - world.now - timedelta(seconds=1))
    assert truth(world, "orders", order)["status"] == 1
    world.advance(timedelta(seconds=1))
    assert truth(world, "orders", order)["status"] != 1
    assert truth(world, "orders", order)["place"] == night


def test_sending_now_makes_the_successor_at_once(world: World) -> None:
    """Status 6 until the night, with the next order already there."""
    subscription, order, _ = lone_subscription(world)
    world.send_now(order)
    assert truth(world, "orders", order)["status"] == 6
    assert len([row for row in world.truth("items") if row["subscription"] == subscription]) == 2
    world.advance(timedelta(days=1))
    assert truth(world, "orders", order)["tries"] == 1


@pytest.mark.parametrize(
    ("name", "edit", "stamp"),
    [
        ("customers", "edit_customer", "last_updated"),
        ("addresses", "edit_address", "updated"),
        ("payments", "edit_payment", "last_updated"),
        ("products", "edit_product", "last_update"),
    ],
)
def test_an_edit_moves_the_stamp_of_its_object(later: World, name: str, edit: str, stamp: str) -> None:
    """Each object has its own spelling of the change stamp."""
    key = later.keys(name)[0]
    getattr(later, edit)(key)
    assert truth(later, name, key)[stamp] == later.now


def test_a_new_address_moves_upcoming_items_to_another_box(world: World) -> None:
    """An order is one box per address: the item goes, the old order is deleted once empty."""
    subscription, order, item = lone_subscription(world)
    address = world.change_shipping_address(subscription)
    box = truth(world, "items", item)["order"]
    assert truth(world, "orders", box)["shipping_address"] == address
    assert order in world.deleted("orders")


def test_a_deleted_incentive_is_gone_without_an_event(world: World) -> None:
    """Nothing but the list tells of it."""
    _, order, _ = lone_subscription(world)
    incentive = world.create_one_time_incentive(order)
    world.delete_one_time_incentive(incentive)
    assert incentive in world.deleted("one_time_incentives")
    assert incentive not in world.keys("one_time_incentives")
    assert events(world) == []


def test_a_reactivated_subscription_ships_again(world: World) -> None:
    """It is live without a reason, and has a new item under a new id."""
    subscription, _, item = lone_subscription(world)
    world.cancel_subscription(subscription)
    world.reactivate_subscription(subscription)
    row = truth(world, "subscriptions", subscription)
    assert (row["live"], row["cancelled"], row["cancel_reason"]) == (True, None, None)
    assert item not in [row["public_id"] for row in world.truth("items") if row["subscription"] == subscription]


def test_another_kind_of_world_is_one_with_other_habits() -> None:
    """Past and future go by the habits that a world is given."""
    habits = replace(
        EASY,
        frequencies=[(7, 1, 2)],
        variations=[(1.0, people.prepaid)],
        outcomes=lambda shop, order: {REJECTED: 1},
        happenings=[subscribe],
    )
    world = World(3, customers=5, habits=habits)
    for _ in range(20):
        world.simulate_day()
    subscriptions = list(world.truth("subscriptions"))
    assert {(row["frequency_days"], row["every"], row["every_period"]) for row in subscriptions} == {(7, 1, 2)}
    assert all(row["prepaid_subscription_context"] for row in subscriptions)
    assert {event.type for event in world.events} == {
        "subscription.create",
        "subscriber.create",
        "order.create",
        "item.create",
        "order.reject",
    }


def test_what_is_not_allowed_is_said(world: World) -> None:
    """A placed order cannot be skipped, an unknown key is named, time does not run back."""
    placed = world.keys("orders", "status = 5")[0]
    with pytest.raises(WorldError, match="only unsent orders"):
        world.skip_order(placed)
    with pytest.raises(WorldError, match="no row 'nobody'"):
        world.touch("customers", "nobody")
    with pytest.raises(WorldError, match="only goes forward"):
        world.advance(timedelta(seconds=-1))


def test_event_bodies_carry_epoch_times(world: World) -> None:
    """Unlike REST bodies, events tell times as whole seconds and days as dates."""
    _, order, _ = lone_subscription(world)
    world.skip_order(order)
    envelope = next(event for event in world.events if event.type == "order.skip_order").envelope()
    body = envelope["data"]["object"]
    assert body["cancelled"] == envelope["created"] == int(world.now.timestamp())
    assert len(body["place"]) == len("2025-06-03")
    assert "updated" not in body

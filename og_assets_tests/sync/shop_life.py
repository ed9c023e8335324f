"""What happens in a world while it is synced: one small change each, picked by number so that a sequence repeats."""

from collections.abc import Callable
from datetime import timedelta

from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.world import World

Change = Callable[[World, int], object]


def picked(world: World, object_name: str, number: int, where: str = "1") -> str | None:
    """The key of the row with that number among those that meet a condition; None when there is none."""
    keys = world.keys(object_name, where)
    return keys[number % len(keys)] if keys else None


def _on(object_name: str, act: str, where: str = "1", *arguments: object) -> Change:
    def change(world: World, number: int) -> object:
        key = picked(world, object_name, number, where)
        return None if key is None else getattr(world, act)(key, *arguments)

    return change


UNSENT = "status = 1"
IN_UNSENT = '"order" IN (SELECT public_id FROM orders WHERE status = 1)'


def _touch(object_name: str) -> Change:
    def change(world: World, number: int) -> object:
        key = picked(world, object_name, number)
        return None if key is None else world.touch(object_name, key)

    return change


CHANGES: dict[str, Change] = {
    "touch an order": _touch("orders"),
    "touch a customer": _touch("customers"),
    "touch a subscription": _touch("subscriptions"),
    "edit a customer": _on("customers", "edit_customer"),
    "edit an address": _on("addresses", "edit_address"),
    "edit an offer profile": _on("offer_profiles", "edit_offer_profile"),
    "subscribe anew": lambda world, number: world.subscribe(),
    "subscribe once more": _on("customers", "subscribe"),
    "cancel": _on("subscriptions", "cancel_subscription", "live"),
    "reactivate": _on("subscriptions", "reactivate_subscription", "NOT live"),
    "change quantity": lambda world, number: _on("subscriptions", "change_quantity", "live", number % 5 + 1)(
        world, number
    ),
    "skip a shipment": _on("subscriptions", "skip_subscription", "live"),
    "ship elsewhere": _on("subscriptions", "change_shipping_address", "live"),
    "skip an order": _on("orders", "skip_order", UNSENT),
    "change the date": _on("orders", "change_order_date", UNSENT),
    "send now": _on("orders", "send_now", UNSENT),
    "add an item": _on("orders", "add_one_time_item", UNSENT),
    "move an item": _on("items", "move_item", IN_UNSENT),
    "remove an item": _on("items", "remove_item", IN_UNSENT),
    "price an item": lambda world, number: _on("items", "change_item_price", IN_UNSENT, 100 + number)(world, number),
}
"""By name; the number says which row, and does nothing where no row fits."""


def commit_late(world: World, object_name: str, number: int, late: timedelta) -> tuple[str, int] | None:
    """A change becomes visible now whose stamp says `late` ago: a long transaction of the server.

    Returns key and stamp (epoch seconds).
    """
    key = picked(world, object_name, number)
    if key is None:
        return None
    changed = {"orders": "tries", "subscriptions": "reminder_days", "customers": "phone_number"}[object_name]
    stamp = world.epoch - int(late.total_seconds())
    world.store.update(object_name, key, {changed: number % 1000, str(TABLES[object_name].stamp): stamp})
    return key, stamp

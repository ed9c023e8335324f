"""What people change about a live subscription: how much, how often, what, where to, by which card."""

import json

from og_assets.emulator.shop import boxes, people
from og_assets.emulator.shop.catalogue import Frequency
from og_assets.emulator.shop.items import change_item_quantity, move_item, remove_item
from og_assets.emulator.shop.state import Shop, WorldError, locked
from og_assets.emulator.shop.statuses import UNSENT
from og_assets.emulator.shop.store import parsed
from og_assets.emulator.shop.subscriptions import live, unsent_items


@locked
def change_quantity(shop: Shop, subscription: str, quantity: int) -> None:
    """Change how many units ship from now on, the upcoming order included."""
    live(shop, subscription)
    shop.change("subscriptions", subscription, quantity=quantity)
    for item in unsent_items(shop, subscription):
        change_item_quantity(shop, item["public_id"], quantity)
    shop.emit("subscription.change_quantity", "subscriptions", subscription)


@locked
def change_frequency(shop: Shop, subscription: str, frequency: Frequency = (60, 2, 3)) -> None:
    """Change the rhythm: (frequency_days, every, every_period). The upcoming order keeps its date."""
    days, every, period = frequency
    live(shop, subscription)
    shop.change("subscriptions", subscription, frequency_days=days, every=every, every_period=period)
    shop.emit("subscription.change_frequency", "subscriptions", subscription)


@locked
def swap_product(shop: Shop, subscription: str, product: str) -> None:
    """Ship another product from now on; unsent items change with it."""
    live(shop, subscription)
    shop.change("subscriptions", subscription, product=product, components="[]", price=None)
    for number, item in enumerate(unsent_items(shop, subscription)):
        if number:
            remove_item(shop, item["public_id"])
            continue
        swapped = {
            "product": product,
            "components": "[]",
            "subscription_component": None,
            "price": shop.catalogue.prices[product],
            "frozen": 0,
        }
        shop.store.update("items", item["public_id"], swapped)
        boxes.settle(shop, item["order"])
    shop.emit("subscription.sku_swap", "subscriptions", subscription)


@locked
def remove_component(shop: Shop, subscription: str) -> None:
    """Take the last component out of a bundle of two or more, with its unsent item."""
    lines = parsed(live(shop, subscription)["components"])
    if len(lines) < 2:
        raise WorldError(f"subscription {subscription} has fewer than two components")
    gone = lines.pop()
    shop.change("subscriptions", subscription, components=json.dumps(lines))
    for item in unsent_items(shop, subscription):
        if gone["public_id"] is not None and item["subscription_component"] == gone["public_id"]:
            remove_item(shop, item["public_id"])
    shop.emit("subscription.change_components", "subscriptions", subscription)


@locked
def change_shipping_address(shop: Shop, subscription: str) -> str:
    """Ship a subscription to a new address from now on; its unsent items move to that box. Returns the address."""
    row = live(shop, subscription)
    address = people.address(shop.rng, shop.new_id(), shop.row("customers", row["customer"]), shop.epoch)
    shop.store.insert("addresses", address)
    _redirect(shop, subscription, "shipping_address", address["public_id"])
    return str(address["public_id"])


@locked
def change_payment(shop: Shop, subscription: str) -> str:
    """Pay a subscription by a new payment from now on; its unsent items move to that box. Returns the payment."""
    row = live(shop, subscription)
    payment = people.payment(shop.rng, shop.new_id(), shop.row("addresses", row["shipping_address"]), shop.epoch)
    shop.store.insert("payments", payment)
    _redirect(shop, subscription, "payment", payment["public_id"])
    return str(payment["public_id"])


def _redirect(shop: Shop, subscription: str, field: str, value: str) -> None:
    """Change address or payment of a subscription; its unsent items move to the box that fits."""
    shop.change("subscriptions", subscription, **{field: value})
    row = shop.row("subscriptions", subscription)
    for item in unsent_items(shop, subscription):
        if shop.row("orders", item["order"])["status"] == UNSENT:
            move_item(shop, item["public_id"], boxes.box_for(shop, row, item["place"]))
    shop.emit(f"subscription.change_{field}", "subscriptions", subscription)

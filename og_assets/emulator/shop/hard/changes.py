"""Changes of mind and of the shop: prices, reasons, currencies, products that end, orders that are merged."""

import json
from datetime import timedelta

from og_assets.emulator.shop import boxes, people
from og_assets.emulator.shop.catalogue import CANCEL_REASONS
from og_assets.emulator.shop.day import seldom, to_an_item, to_one_of
from og_assets.emulator.shop.edits import edit_product
from og_assets.emulator.shop.goodwill import create_item_incentive, create_one_time_incentive
from og_assets.emulator.shop.hard.currencies import MAY_MOVE, OTHERS
from og_assets.emulator.shop.hard.rhythms import FREQUENCIES, month_end
from og_assets.emulator.shop.incentives import FLAT, PERCENT
from og_assets.emulator.shop.items import change_item_price
from og_assets.emulator.shop.orders import change_order_date, skip_order
from og_assets.emulator.shop.placement import advance
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.statuses import MERGED, UNSENT
from og_assets.emulator.shop.subscription_changes import change_frequency
from og_assets.emulator.shop.subscriptions import (
    cancel_subscription,
    reactivate_subscription,
    skip_subscription,
    told_reason,
    unsent_items,
)

SOLD_AT_LEAST = 8
"""So many products stay on sale, whatever ends."""


def _register(shop: Shop) -> None:
    """Somebody opens an account and subscribes to nothing."""
    number = people.FIRST_CUSTOMER + int(shop.store.value("SELECT count(*) FROM customers"))
    customer = people.customer(shop.rng, number, shop.epoch, shop.merchant)
    shop.store.insert("customers", customer)
    shop.store.insert("addresses", address := people.address(shop.rng, shop.new_id(), customer, shop.epoch))
    shop.store.insert("payments", people.payment(shop.rng, shop.new_id(), address, shop.epoch))


def _discontinue(shop: Shop) -> None:
    """A product ends, whoever still subscribes to it."""
    if len(shop.catalogue.subscribable) > SOLD_AT_LEAST:
        gone = shop.catalogue.subscribable.pop(shop.rng.randrange(len(shop.catalogue.subscribable)))
        edit_product(shop, gone, discontinued=1, live=0)


def _end_for_want_of_product(shop: Shop, subscription: str) -> None:
    cancel_subscription(shop, subscription, None)


def _end_for_any_reason(shop: Shop, subscription: str) -> None:
    cancel_subscription(shop, subscription, *_any_reason(shop))


def _correct_reason(shop: Shop, subscription: str) -> None:
    """The service desk corrects why a subscription ended."""
    shop.change("subscriptions", subscription, **told_reason(*_any_reason(shop)))


def _any_reason(shop: Shop) -> tuple[int | None, str | None]:
    code = shop.rng.choice((*CANCEL_REASONS, None))
    return code, (None if code and shop.rng.random() < 0.5 else f"in my own words {shop.rng.randrange(100)}")


def _end_and_take_up(shop: Shop, subscription: str) -> None:
    """Somebody ends a subscription and thinks better of it a minute later."""
    cancel_subscription(shop, subscription)
    advance(shop, timedelta(minutes=1))
    reactivate_subscription(shop, subscription)


def _lock_price(shop: Shop, subscription: str) -> None:
    """From now on a unit costs this, whatever the product does."""
    cents = shop.rng.randrange(500, 4000)
    shop.change("subscriptions", subscription, price=cents)
    for item in unsent_items(shop, subscription):
        change_item_price(shop, item["public_id"], cents)


def _any_rhythm(shop: Shop, subscription: str) -> None:
    change_frequency(shop, subscription, shop.rng.choice(FREQUENCIES))


def _move_abroad(shop: Shop, subscription: str) -> None:
    """From the next order made on, a subscription is paid in another currency."""
    shop.change("subscriptions", subscription, currency_code=shop.rng.choice(OTHERS))


def _merge(shop: Shop, order: str) -> None:
    """Fold an upcoming order into another one of the customer; it stays, empty, and names the other."""
    row = shop.row("orders", order)
    other = shop.store.value(
        "SELECT public_id FROM orders WHERE customer = ? AND currency_code = ? AND public_id <> ? AND +status = ? "
        "ORDER BY id LIMIT 1",
        row["customer"],
        row["currency_code"],
        order,
        UNSENT,
    )
    if other is None:
        return
    for item in boxes.items_of(shop, order):
        shop.store.update("items", item["public_id"], {"order": other})
        shop.emit("item.change_order", "items", item["public_id"])
    boxes.settle(shop, other)
    totals = dict.fromkeys(("sub_total", "tax_total", "shipping_total", "discount_total", "total"), 0)
    shop.change("orders", order, status=MERGED, extra_data=json.dumps({"merged_order_id": other}), **totals)


def _to_the_months_end(shop: Shop, order: str) -> None:
    change_order_date(shop, order, month_end(shop.row("orders", order)["place"]))


def _skip_by_service(shop: Shop, subscription: str) -> None:
    skip_subscription(shop, subscription, by="service desk")


def _skip_order_by_service(shop: Shop, order: str) -> None:
    skip_order(shop, order, by="service desk")


def _flat_off_an_item(shop: Shop, item: str) -> None:
    create_item_incentive(shop, item, FLAT, "1.50")


def _half_the_shipping(shop: Shop, order: str) -> None:
    create_one_time_incentive(shop, order, PERCENT, "50.00")


_UNSENT = f"status = {UNSENT}"
_PRICED = (
    "live AND components = '[]' AND prepaid_subscription_context IS NULL AND free_trial_subscription_context IS NULL"
)
_ENDED_PRODUCT = "live AND product IN (SELECT external_product_id FROM products WHERE discontinued)"

HAPPENINGS = (
    seldom(_register),
    seldom(_discontinue),
    to_one_of("subscriptions", _ENDED_PRODUCT, _end_for_want_of_product),
    to_one_of("subscriptions", "live", _end_for_any_reason),
    to_one_of("subscriptions", "NOT live", _correct_reason),
    to_one_of("subscriptions", "NOT live", reactivate_subscription),
    to_one_of("subscriptions", "live", _end_and_take_up),
    to_one_of("subscriptions", _PRICED, _lock_price),
    to_one_of("subscriptions", "live", _any_rhythm),
    to_one_of("subscriptions", f"live AND {MAY_MOVE} AND prepaid_subscription_context IS NULL", _move_abroad),
    to_one_of("subscriptions", "live", _skip_by_service),
    to_one_of("orders", _UNSENT, _skip_order_by_service),
    to_one_of("orders", _UNSENT, _merge),
    to_one_of("orders", _UNSENT, _to_the_months_end),
    to_one_of("orders", _UNSENT, to_an_item(create_item_incentive)),
    to_one_of("orders", _UNSENT, to_an_item(_flat_off_an_item)),
    to_one_of("orders", _UNSENT, _half_the_shipping),
)
"""What changes on a day beside what usually does."""

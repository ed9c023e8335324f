"""An ordinary day of the merchant: who subscribes, skips, cancels, edits what; then the night's placement."""

from collections.abc import Callable
from datetime import timedelta

from og_assets.emulator.shop.boxes import items_of
from og_assets.emulator.shop.edits import edit_address, edit_customer, edit_offer_profile, edit_payment, edit_product
from og_assets.emulator.shop.goodwill import create_one_time_incentive, delete_one_time_incentive
from og_assets.emulator.shop.items import add_one_time_item, change_item_price, move_item, remove_item
from og_assets.emulator.shop.orders import (
    change_order_date,
    send_now,
    skip_order,
)
from og_assets.emulator.shop.placement import advance
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.shop.state import Shop, locked
from og_assets.emulator.shop.statuses import UNSENT
from og_assets.emulator.shop.subscription_changes import (
    change_frequency,
    change_payment,
    change_quantity,
    change_shipping_address,
    remove_component,
    swap_product,
)
from og_assets.emulator.shop.subscriptions import (
    cancel_subscription,
    reactivate_subscription,
    skip_subscription,
    subscribe,
)

Happening = Callable[[Shop], object]
Act = Callable[[Shop, str], object]


@locked
def simulate_day(shop: Shop) -> None:
    """Advance by 24 hours in which the usual things happen, each to one customer in 200, at most to 50."""
    end = shop.now + timedelta(days=1)
    customers = int(shop.store.value("SELECT count(*) FROM customers"))
    rate = shop.habits.pace * min(50, max(0.35, customers * 0.005))
    happenings = [happening for happening in shop.habits.happenings for _ in range(int(rate + shop.rng.random()))]
    shop.rng.shuffle(happenings)
    step = timedelta(days=1) / (len(happenings) + 1)
    for happening in happenings:
        advance(shop, timedelta(seconds=int(step.total_seconds())))
        happening(shop)
    advance(shop, end - shop.now)


def to_one_of(table: str, condition: str, act: Act) -> Happening:
    """`act` on one random row that meets a condition, when there is any."""

    def happening(shop: Shop) -> object:
        first, last = (
            shop.store.value(f'SELECT id FROM "{table}" WHERE {condition} ORDER BY id {direction} LIMIT 1')
            for direction in ("ASC", "DESC")
        )
        if first is None:
            return None
        sql = f'SELECT "{TABLES[table].key}" FROM "{table}" WHERE {condition} AND id >= ? ORDER BY id LIMIT 1'
        return act(shop, shop.store.value(sql, shop.rng.randint(first, last)))

    return happening


def seldom(happening: Happening) -> Happening:
    """`happening` one time in six."""

    def maybe(shop: Shop) -> object:
        return happening(shop) if shop.rng.random() < 1 / 6 else None

    return maybe


def to_an_item(act: Act, *, one_time: bool = False) -> Act:
    """`act` on one random item of an order, when it has any that fits."""

    def happening(shop: Shop, order: str) -> object:
        items = [item["public_id"] for item in items_of(shop, order) if item["one_time"] or not one_time]
        return act(shop, shop.rng.choice(items)) if items else None

    return happening


def _any_quantity(shop: Shop, subscription: str) -> None:
    change_quantity(shop, subscription, shop.rng.randrange(1, 5))


def _any_product(shop: Shop, subscription: str) -> None:
    swap_product(shop, subscription, shop.rng.choice(shop.catalogue.subscribable))


def _any_price(shop: Shop, item: str) -> None:
    change_item_price(shop, item, shop.rng.randrange(100, 3000))


_UNSENT = f"status = {UNSENT}"

USUAL_DAY: tuple[Happening, ...] = (
    subscribe,
    to_one_of("customers", "1", subscribe),
    to_one_of("subscriptions", "live", cancel_subscription),
    to_one_of("subscriptions", "NOT live", reactivate_subscription),
    to_one_of("orders", _UNSENT, skip_order),
    to_one_of("subscriptions", "live", skip_subscription),
    to_one_of("subscriptions", "live", _any_quantity),
    to_one_of("subscriptions", "live", change_frequency),
    to_one_of("subscriptions", "live AND components = '[]'", _any_product),
    to_one_of("subscriptions", "live AND json_array_length(components) > 1", remove_component),
    to_one_of("orders", _UNSENT, add_one_time_item),
    to_one_of("orders", _UNSENT, to_an_item(remove_item, one_time=True)),
    to_one_of("orders", _UNSENT, to_an_item(move_item)),
    to_one_of("orders", _UNSENT, to_an_item(_any_price)),
    to_one_of("orders", _UNSENT, change_order_date),
    to_one_of("orders", _UNSENT, send_now),
    to_one_of("orders", _UNSENT, create_one_time_incentive),
    to_one_of("one_time_incentives", "applied_at IS NULL", delete_one_time_incentive),
    to_one_of("customers", "1", edit_customer),
    to_one_of("addresses", "1", edit_address),
    to_one_of("payments", "1", edit_payment),
    to_one_of("subscriptions", "live", change_shipping_address),
    to_one_of("subscriptions", "live", change_payment),
    to_one_of("products", "1", edit_product),
    to_one_of("offer_profiles", "1", edit_offer_profile),
)
"""What happens on a day; each picks its object at random and does nothing when there is none."""

"""Prepaid subscriptions as they are billed: boxes at 0, and one that renews at n times the price (guide: prepaid)."""

import json
from typing import Any

from og_assets.emulator.shop import boxes
from og_assets.emulator.shop.day import seldom, to_one_of
from og_assets.emulator.shop.hard.currencies import MAY_MOVE
from og_assets.emulator.shop.pricing import line_total
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.store import Row, parsed
from og_assets.emulator.shop.subscriptions import cancel_subscription, subscribe, unsent_items

RENEWAL = ("autorenew", "autorenew", "cancel", "downgrade")
BOXES_PER_BILLING = (2, 3, 6)


def prepay(shop: Shop, subscription: str) -> None:
    """Pay the next boxes of a subscription of one plain product at once; they cost nothing any more."""
    row = shop.row("subscriptions", subscription)
    boxes_paid = shop.rng.choice(BOXES_PER_BILLING)
    price = shop.catalogue.prices[row["product"]] if row["price"] is None else row["price"]
    paid = line_total(row["quantity"], price * boxes_paid, shop.catalogue.percent_off.get(row["offer"], 0))
    _set(
        shop,
        subscription,
        {
            "prepaid_orders_remaining": boxes_paid - 1,
            "prepaid_orders_per_billing": boxes_paid,
            "renewal_behavior": shop.rng.choice(RENEWAL),
            "last_renewal_revenue": _number(paid) if shop.rng.random() < 0.9 else None,
            "prepaid_origin_merchant_order_id": f"#{shop.rng.randrange(1000, 9999)}",
        },
    )


def charge(subscription: Row, cents: int) -> int:
    """What a unit of a subscription's next box costs."""
    context = parsed(subscription["prepaid_subscription_context"])
    if not context:
        return cents
    return 0 if context["prepaid_orders_remaining"] else cents * int(context["prepaid_orders_per_billing"])


def shipped(shop: Shop, subscription: str, order: str) -> None:
    """Count a box that was sent: it was one of those paid for, or it renewed them; after the last, what was agreed."""
    row = shop.row("subscriptions", subscription)
    context = parsed(row["prepaid_subscription_context"])
    if context["prepaid_orders_remaining"]:
        context["prepaid_orders_remaining"] -= 1
    else:
        context["prepaid_orders_remaining"] = context["prepaid_orders_per_billing"] - 1
        lines = [item for item in boxes.items_of(shop, order) if item["subscription"] == subscription]
        context["last_renewal_revenue"] = _number(sum(line["total_price"] for line in lines))
    is_last = context["prepaid_orders_remaining"] == 0
    if is_last and context["renewal_behavior"] == "downgrade":
        context = None
    _set(shop, subscription, context)
    if is_last and row["live"] and context and context["renewal_behavior"] == "cancel":
        cancel_subscription(shop, subscription, None, "Prepaid orders used up")


def _subscribe(shop: Shop) -> None:
    prepay(shop, subscribe(shop, product=shop.rng.choice(shop.catalogue.subscribable)))


def _set(shop: Shop, subscription: str, context: dict[str, Any] | None) -> None:
    """Set the terms, and price what is still to ship by them, the earliest box first."""
    shop.change("subscriptions", subscription, prepaid_subscription_context=context and json.dumps(context))
    row = shop.row("subscriptions", subscription)
    price = shop.catalogue.prices[row["product"]] if row["price"] is None else row["price"]
    for item in sorted(unsent_items(shop, subscription), key=lambda item: item["place"]):
        shop.store.update("items", item["public_id"], {"price": charge(row, price)})
        boxes.settle(shop, item["order"])


def _number(cents: int) -> float:
    return cents / 100


_PLAIN = (
    f"live AND NOT ({MAY_MOVE}) AND components = '[]' AND prepaid_subscription_context IS NULL "
    "AND free_trial_subscription_context IS NULL"
)

HAPPENINGS = (seldom(_subscribe), to_one_of("subscriptions", _PLAIN, prepay))
"""What people do with prepaid terms on a day."""

"""Free trials that are on: the first box is free, and one day they are over (reference: subscriptions, free trial)."""

import json
from datetime import datetime, timedelta
from typing import Any

from og_assets.emulator.shop import boxes
from og_assets.emulator.shop.clock import STAMP_ZONE
from og_assets.emulator.shop.day import seldom, to_one_of
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.store import Row, parsed
from og_assets.emulator.shop.subscriptions import subscribe, unsent_items

DAYS = 60


def charge(subscription: Row, cents: int) -> int:
    """What a unit of a subscription's next box costs."""
    return 0 if (parsed(subscription["free_trial_subscription_context"]) or {}).get("is_in_free_trial") else cents


def start_trial(shop: Shop) -> str:
    """Subscribe on trial; returns the subscription."""
    subscription = subscribe(shop, product=shop.rng.choice(shop.catalogue.subscribable))
    expires = (shop.now + timedelta(days=DAYS)).astimezone(STAMP_ZONE).replace(tzinfo=None)
    context = {
        "product": shop.row("subscriptions", subscription)["product"],
        "days": DAYS,
        "conversion_item": shop.rng.randrange(10**6),
        "expiration": expires.isoformat(timespec="microseconds"),
        "is_in_free_trial": True,
    }
    _set(shop, subscription, context)
    return subscription


def end_trial(shop: Shop, subscription: str) -> None:
    """From now on the subscription is paid for."""
    context = parsed(shop.row("subscriptions", subscription)["free_trial_subscription_context"])
    _set(shop, subscription, context | {"is_in_free_trial": False})


def _end_if_over(shop: Shop, subscription: str) -> None:
    context = parsed(shop.row("subscriptions", subscription)["free_trial_subscription_context"])
    if datetime.fromisoformat(context["expiration"]).replace(tzinfo=STAMP_ZONE) <= shop.now:
        end_trial(shop, subscription)


def _set(shop: Shop, subscription: str, context: dict[str, Any]) -> None:
    shop.change("subscriptions", subscription, free_trial_subscription_context=json.dumps(context))
    row = shop.row("subscriptions", subscription)
    for item in unsent_items(shop, subscription):
        shop.store.update("items", item["public_id"], {"price": charge(row, shop.catalogue.prices[item["product"]])})
        boxes.settle(shop, item["order"])


_ON = "live AND json_extract(free_trial_subscription_context, '$.is_in_free_trial')"

HAPPENINGS = (seldom(start_trial), to_one_of("subscriptions", _ON, _end_if_over))
"""What people do with trials on a day."""

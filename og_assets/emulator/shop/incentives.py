"""One-time incentives: what the service desk takes off one order, flat or in per cent (reference: otd-list)."""

import json
from collections.abc import Iterable
from typing import Any

from og_assets.emulator.shop.pricing import SHIPPING_FEE
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.store import parsed

FLAT, PERCENT = "Flat Amount", "Discount Percent"

Discount = tuple[str, int]
"""FLAT or PERCENT, and how much: cents, or hundredths of a per cent."""


def off_shipping(shop: Shop, order: str) -> int:
    """What one-time incentives take off the order's shipping fee, in cents."""
    rows = shop.store.tuples('SELECT incentive FROM one_time_incentives WHERE "order" = ?', (order,))
    return SHIPPING_FEE - reduced(SHIPPING_FEE, (_discount(incentive) for (incentive,) in rows))


def off_items(shop: Shop, order: str) -> dict[str, list[Discount]]:
    """What one-time incentives take off single items of an order, by item."""
    found: dict[str, list[Discount]] = {}
    for item, incentive in shop.store.tuples(
        "SELECT item, incentive FROM items CROSS JOIN one_time_incentives ON item = items.public_id "
        'WHERE items."order" = ? ORDER BY one_time_incentives.id',
        (order,),
    ):
        found.setdefault(item, []).append(_discount(incentive))
    return found


def reduced(cents: int, discounts: Iterable[Discount]) -> int:
    """An amount less these discounts, one after the other, each rounded half up; never below 0."""
    for kind, value in discounts:
        cents -= value if kind == FLAT else (cents * value + 5000) // 10_000
    return max(0, cents)


def terms(code: str, discount: str, kind: str = FLAT, value: str = "2.00", target: str = "shipping_total") -> str:
    """The JSON of an incentive, by default two dollars off the shipping fee; `discount` is its public id."""
    body: dict[str, Any] = {
        "type": "Discount",
        "public_id": discount,
        "discount_type": kind,
        "target": target,
        "field": "total_price",
        "name": code,
        "value": value,
    }
    return json.dumps(body)


def _discount(incentive: str) -> Discount:
    body = parsed(incentive)
    return body["discount_type"], int(body["value"].replace(".", ""))

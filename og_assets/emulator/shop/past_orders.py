"""Orders of the past with their items: what became of an order is known when it is created, so it is written once."""

import json
from datetime import date, timedelta

from og_assets.emulator.shop import incentives
from og_assets.emulator.shop.clock import DAY_SECONDS, PLACEMENT_ZONE, daytime, instant, placement_of
from og_assets.emulator.shop.past import Box, Past
from og_assets.emulator.shop.placement import MESSAGES
from og_assets.emulator.shop.pricing import line_total, order_totals
from og_assets.emulator.shop.statuses import (
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    MERGED,
    REJECTED,
    SUCCESS,
    UNSENT,
)

OFF_SHIPPING = 200
"""What a one-time incentive takes off the shipping fee, in cents."""


def next_order(past: Past, box: Box, at: int, day: date) -> tuple[date, int] | None:
    """Write the order after the one that is placed or skipped at `at`, with what became of it.

    Returns when it was itself placed or skipped (the Central day and the instant), or None when the box has ended or
    the order is still to ship.
    """
    rng = past.rng
    place = day + timedelta(days=box.days)
    placed = int(placement_of(place).timestamp())
    if box.ends is not None and box.ends <= placed:
        return None
    status, updated, cancelled = _outcome(past, at, day, place, placed)
    order = past.shop.new_id()
    shipping_off = OFF_SHIPPING if rng.random() < 0.03 else 0
    totals = order_totals(_items(past, order, box), box.state, shipping_off)
    tries = 0 if status in (UNSENT, CANCELLED) else 1
    past.append(
        "orders",
        (
            order,
            box.customer,
            box.payment,
            box.address,
            box.currency,
            totals.sub_total,
            totals.tax_total,
            totals.shipping_total,
            totals.discount_total,
            totals.total,
            at,
            updated,
            place.isoformat(),
            cancelled,
            tries,
            int(status == GENERIC_ERROR),
            status,
            1,
            str(300000 + rng.randrange(10**7)) if status == SUCCESS else None,
            MESSAGES.get(status) if status not in (CANCELLED, GENERIC_ERROR) else None,
            None,
            0,
            0,
            updated if tries else None,
        ),
    )
    if rng.random() < 0.015:
        _merged(past, order, box, at, place)
    if shipping_off:
        _incentive(past, order, box, at, updated if status == SUCCESS else None)
    if status == CANCELLED:
        return instant(updated).astimezone(PLACEMENT_ZONE).date(), updated
    return None if status == UNSENT else (place, placed)


def _outcome(past: Past, at: int, day: date, place: date, placed: int) -> tuple[int, int, int | None]:
    """Status, instant of the last change, instant of cancellation."""
    rng = past.rng
    if placed > past.now:
        return UNSENT, (past.later(at) if rng.random() < 0.3 else at), None
    chance = rng.random()
    if chance < 0.05:
        skipped = daytime(rng, day + timedelta(days=rng.randrange(1, (place - day).days)))
        return CANCELLED, skipped, skipped
    if past.now - placed < 3 * DAY_SECONDS and chance < 0.2:
        return rng.choice((CONNECTION_ERROR, GENERIC_ERROR, CARD_RETRY)), placed, None
    return (REJECTED if chance < 0.08 else SUCCESS), placed, None


def _items(past: Past, order: str, box: Box) -> list[tuple[int, int, int]]:
    """Write the items of an order; returns (quantity, price, total_price) of each."""
    priced = []
    for line in box.lines:
        for product, component, price in line.items:
            total = line_total(line.quantity, price, line.percent_off)
            priced.append((line.quantity, price, total))
            past.append(
                "items",
                (
                    past.shop.new_id(),
                    order,
                    line.offer,
                    line.subscription,
                    product,
                    line.components,
                    component,
                    line.quantity,
                    price,
                    0,
                    total,
                    0,
                    0,
                ),
            )
    if past.rng.random() < 0.08:
        product = past.rng.choice(past.shop.catalogue.subscribable)
        price = past.shop.catalogue.prices[product]
        priced.append((1, price, price))
        item = past.shop.new_id()
        past.append("items", (item, order, None, None, product, "[]", None, 1, price, 0, price, 1, 0))
    return priced


def _merged(past: Past, order: str, box: Box, at: int, place: date) -> None:
    """An order whose items went into `order`, leaving it empty with status 17."""
    past.append(
        "orders",
        (
            past.shop.new_id(),
            box.customer,
            box.payment,
            box.address,
            box.currency,
            *(0, 0, 0, 0, 0),
            at,
            at,
            place.isoformat(),
            None,
            0,
            0,
            MERGED,
            1,
            None,
            None,
            json.dumps({"merged_order_id": order}),
            1,
            0,
            None,
        ),
    )


def _incentive(past: Past, order: str, box: Box, at: int, applied: int | None) -> None:
    code = f"code-{past.rng.randrange(1000)}"
    incentive = incentives.terms(code, past.shop.new_id())
    key = past.shop.new_id()
    past.append(
        "one_time_incentives",
        (key, code, "Goodwill", box.customer, order, None, at, applied or at, applied, incentive),
    )

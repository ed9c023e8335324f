"""Placement: how unsent orders are sent, succeed, fail and are followed by the next (reference: order-status-codes)."""

import json
from collections.abc import Mapping
from datetime import timedelta

from og_assets.emulator.shop.boxes import box_for, fill, items_of
from og_assets.emulator.shop.clock import next_placement
from og_assets.emulator.shop.state import Shop, WorldError, locked
from og_assets.emulator.shop.statuses import (
    AWAITING_INSTRUCTIONS,
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    REJECTED,
    SUCCESS,
    TO_BE_PLACED,
    UNSENT,
)
from og_assets.emulator.shop.store import Row, parsed

OUTCOMES = {SUCCESS: 88, REJECTED: 3, CONNECTION_ERROR: 2, GENERIC_ERROR: 2, CARD_RETRY: 5}
"""Statuses that the nightly placement ends in, with their share in per cent."""

EVENTS = {
    SUCCESS: "order.success",
    REJECTED: "order.reject",
    GENERIC_ERROR: "order.generic_error",
    CARD_RETRY: "order.retryable_placement_failure",
    CANCELLED: "order.cancel",
    AWAITING_INSTRUCTIONS: "order.awaiting_retry_instructions",
}
MESSAGES = {
    REJECTED: json.dumps({"message": "Do not retry.", "code": "160"}),
    CARD_RETRY: json.dumps({"message": "The card was declined.", "code": "140"}),
    GENERIC_ERROR: json.dumps({"message": "Try again.", "code": "999"}),
    CANCELLED: json.dumps({"message": "The shop does not want this order.", "code": "030"}),
    AWAITING_INSTRUCTIONS: json.dumps({"message": "Declined.", "code": "140", "category": "insufficient_funds"}),
}


def usual_outcomes(shop: Shop, order: str) -> Mapping[int, int]:
    """The same for every order."""
    return OUTCOMES


@locked
def advance(shop: Shop, delta: timedelta) -> None:
    """Let time pass; each night passed at 03:00 America/Chicago places what is due."""
    if delta < timedelta():
        raise WorldError("time in a world only goes forward")
    target = shop.now + delta
    while (night := next_placement(shop.now)) <= target:
        shop.now = night
        place_due_orders(shop)
    shop.now = target.replace(microsecond=0)


@locked
def place_due_orders(shop: Shop) -> int:
    """Place every order that is due today or waits for a retry; returns how many."""
    marks = ", ".join(str(status) for status in TO_BE_PLACED)
    due = shop.store.tuples(
        f"SELECT public_id FROM orders WHERE status IN ({marks}) AND place <= ? ORDER BY id",
        (shop.today.isoformat(),),
    )
    for (order,) in due:
        statuses, shares = zip(*shop.habits.outcomes(shop, order).items(), strict=True)
        status = shop.rng.choices(statuses, shares)[0]
        if status != UNSENT:  # else it is left lying
            place_order(shop, order, status)
    return len(due)


@locked
def place_order(shop: Shop, order: str, status: int = SUCCESS) -> None:
    """Try to place an order now, with that outcome: 5, 3, 13, 15 or 18, or another that an attempt can have.

    Before the first try the next shipment of each of its subscriptions gets its item and order.
    """
    row = shop.row("orders", order)
    if row["status"] not in TO_BE_PLACED:
        raise WorldError(f"order {order} has status {row['status']} and is not to be placed any more")
    if row["status"] == UNSENT:
        schedule_next(shop, order, row["place"])
    conclude(
        shop,
        order,
        status,
        tries=row["tries"] + 1,
        generic_error_count=row["generic_error_count"] + (status == GENERIC_ERROR),
    )


def conclude(shop: Shop, order: str, status: int, **changes: object) -> None:
    """Let an attempt to place an order end now in a status, and what follows from that."""
    if status == CANCELLED:
        changes["cancelled"] = shop.epoch
    shop.change(
        "orders",
        order,
        status=status,
        place_at=shop.epoch,
        place=shop.today.isoformat(),
        rejected_message=MESSAGES.get(status),
        order_merchant_id=str(shop.rng.randrange(3 * 10**5, 10**7)) if status == SUCCESS else None,
        **changes,
    )
    if status in EVENTS:
        shop.emit(EVENTS[status], "orders", order)
    if status == SUCCESS:
        _succeeded(shop, order)


def schedule(shop: Shop, subscription: Row, day: str) -> str:
    """Put the shipment of a subscription on that ISO day into its box; returns the order."""
    order = box_for(shop, subscription, day)
    fill(shop, order, subscription)
    return order


def schedule_next(shop: Shop, order: str, day: str) -> None:
    """Create the next shipment of each live subscription in an order, counted from `day`."""
    keys = shop.store.tuples(
        'SELECT DISTINCT subscription FROM items WHERE "order" = ? AND subscription IS NOT NULL ORDER BY id',
        (order,),
    )
    for (key,) in keys:
        subscription = shop.row("subscriptions", key)
        if subscription["live"]:
            schedule(shop, subscription, shop.habits.next_day(subscription, day))


def _succeeded(shop: Shop, order: str) -> None:
    for item in items_of(shop, order):
        shop.emit("item.successfully_placed", "items", item["public_id"])
    for (key,) in shop.store.tuples(
        'SELECT public_id FROM one_time_incentives WHERE ("order" = ? OR item IN '
        '(SELECT items.public_id FROM items WHERE items."order" = ?)) AND applied_at IS NULL ORDER BY id',
        (order, order),
    ):
        shop.change("one_time_incentives", key, applied_at=shop.epoch)
    for (key,) in shop.store.tuples(
        "SELECT DISTINCT subscription FROM items CROSS JOIN subscriptions AS paid ON paid.public_id = subscription "
        'WHERE "order" = ? AND paid.prepaid_subscription_context IS NOT NULL',
        (order,),
    ):
        shop.habits.shipped(shop, key, order)


def use_prepaid(shop: Shop, key: str, order: str) -> None:
    """Count one prepaid order down; at 0 the order renewed the prepayment."""
    context = parsed(shop.row("subscriptions", key)["prepaid_subscription_context"])
    left = context["prepaid_orders_remaining"]
    context["prepaid_orders_remaining"] = (left or context["prepaid_orders_per_billing"]) - 1
    shop.change("subscriptions", key, prepaid_subscription_context=json.dumps(context))

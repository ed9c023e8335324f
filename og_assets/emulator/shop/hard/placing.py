"""Placements that fail in every documented way: cards that are dead, answers that stay out, the shop's refusals."""

from collections.abc import Mapping

from og_assets.emulator.shop.day import seldom, to_one_of
from og_assets.emulator.shop.orders import send_now
from og_assets.emulator.shop.placement import conclude
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.statuses import (
    AWAITING_CLASSIFICATION,
    AWAITING_INSTRUCTIONS,
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    IN_PLACEMENT,
    PENDING_BATCH_RESPONSE,
    PENDING_PLACEMENT,
    PENDING_VERIFICATION,
    PREPARATION_FAILED,
    REJECTED,
    SUCCESS,
    UNREADABLE_RESPONSE,
    UNSENT,
)
from og_assets.emulator.shop.subscriptions import cancel_subscription

DISENGAGED = 9
"""The code of Ordergroove's service that ends subscriptions after rejections (help: Subscriptions Cancel Reasons)."""
IN_A_ROW = 3

OUTCOMES = {
    SUCCESS: 69,
    REJECTED: 4,
    CANCELLED: 2,
    UNSENT: 2,
    PENDING_BATCH_RESPONSE: 1,
    PENDING_VERIFICATION: 1,
    PENDING_PLACEMENT: 2,
    PREPARATION_FAILED: 2,
    CONNECTION_ERROR: 3,
    UNREADABLE_RESPONSE: 2,
    GENERIC_ERROR: 4,
    CARD_RETRY: 5,
    AWAITING_INSTRUCTIONS: 2,
    AWAITING_CLASSIFICATION: 1,
}
"""Statuses that a placement ends in, with their share in per cent; unsent ones are left lying for a night."""

OF_A_DEAD_CARD = {REJECTED: 80, CARD_RETRY: 20}
STUCK = {UNSENT: 100}


def outcomes(shop: Shop, order: str) -> Mapping[int, int]:
    """What may become of an order; one card in eight is dead, one failed order in eight never tried again."""
    row = shop.row("orders", order)
    if row["status"] != UNSENT and int(order, 16) % 8 == 0:
        return STUCK
    return OF_A_DEAD_CARD if int(row["payment"], 16) % 8 == 0 else OUTCOMES


def _answer(shop: Shop, order: str) -> None:
    """The shop answers an attempt at last."""
    conclude(shop, order, shop.rng.choice((SUCCESS, SUCCESS, SUCCESS, REJECTED)))


def _send_twice(shop: Shop, order: str) -> None:
    """An impatient customer sends an order now, and then the next one too: two boxes on a day."""
    before = _upcoming(shop, order)
    send_now(shop, order)
    for following in _upcoming(shop, order)[:1] if not before else ():
        send_now(shop, following)


def _upcoming(shop: Shop, order: str) -> list[str]:
    """Other unsent orders that hold something of an order's subscriptions."""
    found = shop.store.tuples(
        'SELECT DISTINCT other."order" FROM items AS mine JOIN items AS other '
        'ON other.subscription = mine.subscription JOIN orders ON orders.public_id = other."order" '
        'WHERE mine."order" = ? AND other."order" <> ? AND status = ? '
        'ORDER BY other."order"',
        (order, order, UNSENT),
    )
    return [key for (key,) in found]


def _disengage(shop: Shop) -> None:
    """End a live subscription whose last three boxes were all rejected."""
    found = shop.store.tuples(
        "SELECT subscription FROM (SELECT subscription, status, row_number() OVER (PARTITION BY subscription "
        'ORDER BY place DESC, orders.id DESC) AS back FROM items JOIN orders ON orders.public_id = "order" '
        f"WHERE subscription IS NOT NULL AND status IN ({SUCCESS}, {REJECTED})) "
        f"JOIN subscriptions ON public_id = subscription AND live WHERE back <= {IN_A_ROW} "
        f"GROUP BY subscription HAVING sum(status = {REJECTED}) = {IN_A_ROW} "
        "ORDER BY subscription",
    )
    if found:
        cancel_subscription(shop, shop.rng.choice(found)[0], DISENGAGED, "Disengaged")


_UNSENT = f"status = {UNSENT}"

HAPPENINGS = (
    seldom(to_one_of("orders", f"status IN {IN_PLACEMENT}", _answer)),
    to_one_of("orders", _UNSENT, _send_twice),
    _disengage,
)
"""What follows from placements on a day."""

"""The story of an emulated world, from what it remembers: rows that it had at an instant, its journal of skips."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from oracle import CANCELLED, Box, Skip, Story, Subscription, Terms, end_of

from og_assets.emulator.world import World

Row = dict[str, Any]


def tell(world: World, first_sync: datetime, days: Iterable[date]) -> Story:
    """The story up to the world's now.

    Its terms are those at the ends of these days, as a warehouse knows them that was first synced then: what was before
    the first sync it takes to have been as it found it.
    """
    subscriptions, prices = list(world.truth("subscriptions")), _prices(world)
    switches = defaultdict(list)
    for switch in world.switches():
        switches[switch.subscription].append((switch.at, switch.live))
    return Story(
        as_of=world.now,
        subscriptions={row["public_id"]: _subscription(row, prices) for row in subscriptions},
        switches=switches,
        boxes=_boxes(world),
        terms={day: _terms_at(world, max(min(end_of(day), world.now), first_sync)) for day in days},
        skips=[*_shipments(world), *_whole_orders(world)],
    )


def _terms_at(world: World, at: datetime) -> dict[str, Terms]:
    return {row["public_id"]: _terms(row) for row in world.truth_as_of("subscriptions", at)}


def _terms(row: Row) -> Terms:
    context = row["prepaid_subscription_context"] or {}
    return Terms(
        row["every"],
        row["every_period"],
        row["frequency_days"],
        context.get("prepaid_orders_per_billing"),
        _cents(context.get("last_renewal_revenue")),
    )


def _subscription(row: Row, prices: dict[str, int]) -> Subscription:
    return Subscription(
        row["public_id"],
        row["currency_code"],
        row["quantity"],
        prices[row["product"]] if row["price"] is None else int(row["price"] * 100),
        row["live"],
        bool((row["free_trial_subscription_context"] or {}).get("is_in_free_trial")),
    )


def _prices(world: World) -> dict[str, int]:
    return {row["external_product_id"]: int(row["price"] * 100) for row in world.truth("products")}


def _boxes(world: World) -> list[Box]:
    orders = {row["public_id"]: row for row in world.truth("orders")}
    lines: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for item in world.truth("items"):
        if item["subscription"] is not None:
            lines[item["subscription"], item["order"]].append(item)
    return [
        Box(
            subscription,
            order,
            orders[order]["place_date"],
            orders[order]["status"],
            orders[order]["created"],
            sum(item["quantity"] for item in items),
            sum(int(item["total_price"] * 100) for item in items),
            orders[order]["currency_code"],
        )
        for (subscription, order), items in lines.items()
    ]


def _shipments(world: World) -> list[Skip]:
    return [Skip(skip.subscription, skip.order, skip.at) for skip in world.skips if not skip.whole]


def _whole_orders(world: World) -> list[Skip]:
    """Those of the written past too, which the journal does not have: cancelled before any attempt."""
    at = {
        row["public_id"]: row["cancelled"].astimezone(UTC)
        for row in world.truth("orders")
        if row["status"] == CANCELLED and not row["tries"]
    }
    return [
        Skip(item["subscription"], item["order"], at[item["order"]])
        for item in world.truth("items")
        if item["order"] in at and item["subscription"] is not None
    ]


def _cents(amount: Any) -> int | None:
    return None if amount is None else int(Decimal(str(amount)) * 100)

"""What people and the service desk do with whole upcoming orders (reference: order events, one-time incentives)."""

import json

from og_assets.emulator.shop import boxes
from og_assets.emulator.shop.clock import day_after
from og_assets.emulator.shop.placement import schedule_next
from og_assets.emulator.shop.state import Shop, WorldError, locked
from og_assets.emulator.shop.statuses import CANCELLED, SEND_NOW, UNSENT


@locked
def send_now(shop: Shop, order: str) -> None:
    """Send an unsent order at the next placement: status 6, placed today; its successor exists at once."""
    boxes.unsent(shop, order)
    today = shop.today.isoformat()
    schedule_next(shop, order, today)
    shop.change("orders", order, status=SEND_NOW, place=today)
    shop.emit("order.send_now", "orders", order)


@locked
def skip_order(shop: Shop, order: str) -> None:
    """Skip a whole order: it stays with status 4 and `cancelled` set, and the next one is created."""
    row = boxes.unsent(shop, order)
    schedule_next(shop, order, row["place"])
    shop.change("orders", order, status=CANCELLED, cancelled=shop.epoch)
    shop.emit("order.skip_order", "orders", order)


@locked
def change_order_date(shop: Shop, order: str, day: str | None = None) -> None:
    """Move the place date of an unsent order to an ISO day (default a week later)."""
    row = boxes.unsent(shop, order)
    shop.change("orders", order, place=day or day_after(row["place"], 7))
    shop.emit("order.change_next_order_date", "orders", order)


@locked
def create_one_time_incentive(shop: Shop, order: str) -> str:
    """Take two dollars off the shipping fee of an unsent order; returns the incentive's id."""
    row = boxes.unsent(shop, order)
    key, code = shop.new_id(), f"code-{shop.rng.randrange(1000)}"
    shop.store.insert(
        "one_time_incentives",
        {
            "public_id": key,
            "external_code": code,
            "description": "Goodwill",
            "customer": row["customer"],
            "order": order,
            "item": None,
            "created": shop.epoch,
            "last_updated": shop.epoch,
            "applied_at": None,
            "incentive": off_shipping(code, shop.new_id()),
        },
    )
    boxes.settle(shop, order)
    return key


def off_shipping(code: str, discount: str) -> str:
    """The JSON of an incentive that takes two dollars off the shipping fee; `discount` is its public id."""
    return json.dumps(
        {
            "type": "Discount",
            "public_id": discount,
            "discount_type": "Flat Amount",
            "target": "shipping_total",
            "field": "total_price",
            "name": code,
            "value": "2.00",
        }
    )


@locked
def delete_one_time_incentive(shop: Shop, incentive: str) -> None:
    """Delete a one-time incentive that was not applied yet. No event tells of it."""
    row = shop.row("one_time_incentives", incentive)
    if row["applied_at"] is not None:
        raise WorldError(f"one-time incentive {incentive} was already applied")
    shop.remove("one_time_incentives", incentive)
    order = shop.store.find("orders", row["order"]) if row["order"] else None
    if order is not None and order["status"] == UNSENT:
        boxes.settle(shop, order["public_id"])

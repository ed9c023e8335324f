"""What the service desk does with one-time incentives of upcoming orders (reference: one-time incentives)."""

from og_assets.emulator.shop import boxes, incentives
from og_assets.emulator.shop.state import Shop, WorldError, locked
from og_assets.emulator.shop.statuses import UNSENT


@locked
def create_one_time_incentive(shop: Shop, order: str, kind: str = incentives.FLAT, value: str = "2.00") -> str:
    """Take two dollars, or so much, off the shipping fee of an unsent order; returns the incentive's id."""
    boxes.unsent(shop, order)
    return _create(shop, order, None, kind, value)


@locked
def create_item_incentive(shop: Shop, item: str, kind: str = incentives.PERCENT, value: str = "10.00") -> str:
    """Take ten per cent, or so much, off an item of an unsent order, this time only; returns the incentive's id."""
    order = boxes.unsent(shop, shop.row("items", item)["order"])["public_id"]
    return _create(shop, order, item, kind, value)


@locked
def delete_one_time_incentive(shop: Shop, incentive: str) -> None:
    """Delete a one-time incentive that was not applied yet. No event tells of it."""
    row = shop.row("one_time_incentives", incentive)
    if row["applied_at"] is not None:
        raise WorldError(f"one-time incentive {incentive} was already applied")
    shop.remove("one_time_incentives", incentive)
    item = shop.store.find("items", row["item"]) if row["item"] else None
    key = item["order"] if item else row["order"]
    order = shop.store.find("orders", key) if key else None
    if order is not None and order["status"] == UNSENT:
        boxes.settle(shop, order["public_id"])


def _create(shop: Shop, order: str, item: str | None, kind: str, value: str) -> str:
    key, code = shop.new_id(), f"code-{shop.rng.randrange(1000)}"
    shop.store.insert(
        "one_time_incentives",
        {
            "public_id": key,
            "external_code": code,
            "description": "Goodwill",
            "customer": shop.row("orders", order)["customer"],
            "order": None if item else order,
            "item": item,
            "created": shop.epoch,
            "last_updated": shop.epoch,
            "applied_at": None,
            "incentive": incentives.terms(code, shop.new_id(), kind, value, "item" if item else "shipping_total"),
        },
    )
    boxes.settle(shop, order)
    return key

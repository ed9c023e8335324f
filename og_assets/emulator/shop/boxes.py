"""Orders as boxes: one per customer, address, payment and day. How they are made, filled, priced and deleted.

Any change of a box's items moves its `updated` (reference: order events, item events).
"""

import json
from dataclasses import asdict

from og_assets.emulator.shop import incentives
from og_assets.emulator.shop.pricing import line_total, order_totals
from og_assets.emulator.shop.state import Shop, WorldError
from og_assets.emulator.shop.statuses import UNSENT
from og_assets.emulator.shop.store import Row, parsed


def unsent(shop: Shop, order: str) -> Row:
    """The row of an order that may still be changed, or WorldError."""
    row = shop.row("orders", order)
    if row["status"] != UNSENT:
        raise WorldError(f"order {order} has status {row['status']}; only unsent orders (1) can be changed")
    return row


def items_of(shop: Shop, order: str) -> list[Row]:
    """The items in an order, oldest first."""
    return shop.store.rows('SELECT * FROM items WHERE "order" = ? ORDER BY id', order)


def box_for(shop: Shop, like: Row, day: str) -> str:
    """The unsent order of the same customer, address, payment and currency on that day; made when there is none."""
    # The plus signs leave SQLite only the index on customer; by status it would read every unsent order.
    found: str | None = shop.store.value(
        "SELECT public_id FROM orders WHERE customer = ? AND payment = ? AND shipping_address = ? AND place = ? "
        "AND currency_code = ? AND +status = ? ORDER BY +id LIMIT 1",
        like["customer"],
        like["payment"],
        like["shipping_address"],
        day,
        like["currency_code"],
        UNSENT,
    )
    return found or _new_order(shop, like, day)


def _new_order(shop: Shop, like: Row, day: str) -> str:
    order = shop.new_id()
    shop.store.insert(
        "orders",
        {
            "public_id": order,
            "customer": like["customer"],
            "payment": like["payment"],
            "shipping_address": like["shipping_address"],
            "currency_code": like["currency_code"],
            "sub_total": 0,
            "tax_total": 0,
            "shipping_total": 0,
            "discount_total": 0,
            "total": 0,
            "created": shop.epoch,
            "updated": shop.epoch,
            "place": day,
            "cancelled": None,
            "tries": 0,
            "generic_error_count": 0,
            "status": UNSENT,
            "type": 1,
            "order_merchant_id": None,
            "rejected_message": None,
            "extra_data": None,
            "locked": 0,
            "oos_free_shipping": 0,
            "place_at": None,
        },
    )
    shop.emit("order.create", "orders", order)
    return order


def put_in(shop: Shop, order: str, **fields: object) -> str:
    """Put a new item of those fields into an order; returns the item's id."""
    item = shop.new_id()
    row = {
        "public_id": item,
        "order": order,
        "offer": None,
        "subscription": None,
        "components": "[]",
        "subscription_component": None,
        "extra_cost": 0,
        "total_price": 0,
        "one_time": 0,
        "frozen": 0,
    }
    shop.store.insert("items", row | fields)
    settle(shop, order)
    shop.emit("item.create", "items", item)
    return item


def fill(shop: Shop, order: str, subscription: Row) -> None:
    """Put what one shipment of a subscription holds into an order: one item, or one per bundle component."""
    lines = parsed(subscription["components"]) or []
    components = [line for line in lines if line["public_id"] is not None]
    for line in components or [{"product": subscription["product"], "public_id": None}]:
        locked_price = None if components else subscription["price"]
        price = shop.catalogue.prices[line["product"]] if locked_price is None else locked_price
        put_in(
            shop,
            order,
            product=line["product"],
            quantity=subscription["quantity"],
            price=shop.habits.charge(subscription, price),
            subscription=subscription["public_id"],
            offer=subscription["offer"],
            subscription_component=line["public_id"],
            components="[]" if components else json.dumps(lines),
        )


def delete_item(shop: Shop, item: str) -> None:
    """Delete an item; its order is still to be settled."""
    shop.emit("item.remove", "items", item)
    shop.remove("items", item)


def settle(shop: Shop, order: str) -> None:
    """Price an order anew after its items changed and move its `updated`; an empty one is deleted."""
    items = items_of(shop, order)
    if not items:
        shop.emit("order.delete", "orders", order)
        shop.remove("orders", order)
        return
    off_items = incentives.off_items(shop, order)
    for item in items:
        percent_off = shop.catalogue.percent_off.get(item["offer"], 0)
        total = line_total(item["quantity"], item["price"], percent_off)
        item["total_price"] = incentives.reduced(total, off_items.get(item["public_id"], ()))
        shop.store.update("items", item["public_id"], {"total_price": item["total_price"]})
    address = shop.row("addresses", shop.row("orders", order)["shipping_address"])
    totals = order_totals(
        [(item["quantity"], item["price"], item["total_price"]) for item in items],
        address["state_province_code"],
        incentives.off_shipping(shop, order),
    )
    shop.change("orders", order, **asdict(totals))

"""What people do with single items of upcoming orders (reference: item events)."""

from og_assets.emulator.shop import boxes
from og_assets.emulator.shop.clock import day_after
from og_assets.emulator.shop.state import Shop, locked


@locked
def add_one_time_item(shop: Shop, order: str, product: str | None = None, quantity: int = 1) -> str:
    """Put a product once into an unsent order (Instant Upsell); returns the item's id."""
    boxes.unsent(shop, order)
    product = product or shop.rng.choice(shop.catalogue.subscribable)
    price = shop.catalogue.prices[product]
    return boxes.put_in(shop, order, product=product, quantity=quantity, price=price, one_time=1)


@locked
def remove_item(shop: Shop, item: str) -> None:
    """Delete an item for good. An order that this leaves empty is deleted too."""
    order = boxes.unsent(shop, shop.row("items", item)["order"])
    boxes.delete_item(shop, item)
    boxes.settle(shop, order["public_id"])


@locked
def move_item(shop: Shop, item: str, order: str | None = None) -> str:
    """Move an item to another unsent order, or to a new one a week later. Same item id; returns the order's id."""
    source = boxes.unsent(shop, shop.row("items", item)["order"])
    if order is None:
        order = boxes.box_for(shop, source, day_after(source["place"], 7))
    boxes.unsent(shop, order)
    shop.store.update("items", item, {"order": order})
    shop.emit("item.change_order", "items", item)
    boxes.settle(shop, source["public_id"])
    boxes.settle(shop, order)
    return order


@locked
def change_item_quantity(shop: Shop, item: str, quantity: int) -> None:
    """Change how many units of one item ship, this time only."""
    order = boxes.unsent(shop, shop.row("items", item)["order"])
    shop.store.update("items", item, {"quantity": quantity})
    boxes.settle(shop, order["public_id"])
    shop.emit("item.change_quantity", "items", item)


@locked
def change_item_price(shop: Shop, item: str, cents: int) -> None:
    """Pin the unit price of an item (the change-price endpoint), in cents."""
    order = boxes.unsent(shop, shop.row("items", item)["order"])
    shop.store.update("items", item, {"price": cents, "frozen": 1})
    boxes.settle(shop, order["public_id"])
    shop.emit("item.update_price", "items", item)

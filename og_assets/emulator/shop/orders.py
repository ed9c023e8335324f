"""What people and the service desk do with whole upcoming orders (reference: order events)."""

from og_assets.emulator.shop import boxes
from og_assets.emulator.shop.clock import day_after
from og_assets.emulator.shop.placement import schedule_next
from og_assets.emulator.shop.skips import note_skip
from og_assets.emulator.shop.state import Shop, locked
from og_assets.emulator.shop.statuses import CANCELLED, SEND_NOW


@locked
def send_now(shop: Shop, order: str) -> None:
    """Send an unsent order at the next placement: status 6, placed today; its successor exists at once."""
    boxes.unsent(shop, order)
    today = shop.today.isoformat()
    schedule_next(shop, order, today)
    shop.change("orders", order, status=SEND_NOW, place=today)
    shop.emit("order.send_now", "orders", order)


@locked
def skip_order(shop: Shop, order: str, by: str = "customer") -> None:
    """Skip a whole order: it stays with status 4 and `cancelled` set, and the next one is created."""
    row = boxes.unsent(shop, order)
    note_skip(shop, [item | {"place": row["place"]} for item in boxes.items_of(shop, order)], by, whole=True)
    schedule_next(shop, order, row["place"])
    shop.change("orders", order, status=CANCELLED, cancelled=shop.epoch)
    shop.emit("order.skip_order", "orders", order)


@locked
def change_order_date(shop: Shop, order: str, day: str | None = None) -> None:
    """Move the place date of an unsent order to an ISO day (default a week later)."""
    row = boxes.unsent(shop, order)
    shop.change("orders", order, place=day or day_after(row["place"], 7))
    shop.emit("order.change_next_order_date", "orders", order)

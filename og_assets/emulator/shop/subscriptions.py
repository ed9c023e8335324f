"""How subscriptions come, pause, end and come back (reference: subscription events, subscriber events)."""

from og_assets.emulator.shop import boxes, people
from og_assets.emulator.shop.catalogue import CANCEL_REASONS
from og_assets.emulator.shop.placement import schedule
from og_assets.emulator.shop.skips import note_skip
from og_assets.emulator.shop.state import Shop, WorldError, locked
from og_assets.emulator.shop.statuses import UNSENT
from og_assets.emulator.shop.store import Row


@locked
def subscribe(shop: Shop, customer: str | None = None, product: str | None = None, quantity: int | None = None) -> str:
    """Start a subscription, for a new customer when none is given; its first order is in a fortnight or later.

    Returns the subscription's id.
    """
    fresh = customer is None
    customer = customer or _new_customer(shop)
    person = shop.row("customers", customer)
    payment = shop.store.rows(
        "SELECT public_id, billing_address FROM payments WHERE customer = ? AND live ORDER BY id DESC LIMIT 1",
        customer,
    )[0]
    row = people.subscription(
        shop.rng,
        shop.new_id(),
        person,
        product or shop.rng.choice(shop.catalogue.subscribable),
        shop.rng.choice(shop.habits.frequencies),
        shop.epoch,
        shop.today.isoformat(),
    )
    if product is None:
        people.vary(shop.rng, row, shop.catalogue, shop.habits.variations)
    row |= {
        "payment": payment["public_id"],
        "shipping_address": payment["billing_address"],
        "offer": shop.rng.choice(list(shop.catalogue.percent_off)),
        "quantity": quantity or row["quantity"],
    }
    row["currency_code"] = shop.habits.currency(row)
    shop.store.insert("subscriptions", row)
    shop.emit("subscription.create", "subscriptions", row["public_id"])
    if fresh:
        shop.emit("subscriber.create", "customers", customer)
    shop.change("customers", customer, live=1)
    _ship_next(shop, row)
    return str(row["public_id"])


@locked
def cancel_subscription(shop: Shop, subscription: str, reason: int | None = 4, text: str | None = None) -> None:
    """End a subscription: its unsent items are deleted, and the orders that this leaves empty.

    The wording of the reason is that of its code unless a text is given.
    """
    row = live(shop, subscription)
    shop.change(
        "subscriptions",
        subscription,
        live=0,
        cancelled=shop.epoch,
        **told_reason(reason, text),
    )
    _drop_unsent_items(shop, subscription)
    shop.emit("subscription.cancel", "subscriptions", subscription)
    left = shop.store.value("SELECT count(*) FROM subscriptions WHERE customer = ? AND live", row["customer"])
    if not left:
        shop.change("customers", row["customer"], live=0)
        shop.emit("subscriber.cancel", "customers", row["customer"])


@locked
def reactivate_subscription(shop: Shop, subscription: str) -> None:
    """Take a cancelled subscription up again, with a next order."""
    row = shop.row("subscriptions", subscription)
    if row["live"]:
        raise WorldError(f"subscription {subscription} is not cancelled")
    shop.change("subscriptions", subscription, live=1, cancelled=None, cancel_reason=None, cancel_reason_code=None)
    shop.change("customers", row["customer"], live=1)
    shop.emit("subscription.change_live", "subscriptions", subscription)
    _ship_next(shop, row)


@locked
def skip_subscription(shop: Shop, subscription: str, by: str = "customer") -> str:
    """Skip one shipment: its items leave and come back with new ids on a later order, which is returned."""
    row = live(shop, subscription)
    note_skip(shop, unsent_items(shop, subscription), by, whole=False)
    days = _drop_unsent_items(shop, subscription)
    day = max(days, default=shop.today.isoformat())
    return schedule(shop, row, shop.habits.next_day(row, day))


def told_reason(code: int | None, text: str | None = None) -> Row:
    """The fields that tell why a subscription ended: a code with its wording, or with other words, or words alone."""
    text = text or CANCEL_REASONS.get(code or 0)
    return {
        "cancel_reason_code": None if code is None else str(code),
        "cancel_reason": text if code is None else f"{code}|{text}",
    }


def live(shop: Shop, subscription: str) -> Row:
    """The row of a subscription that is not cancelled, or WorldError."""
    row = shop.row("subscriptions", subscription)
    if not row["live"]:
        raise WorldError(f"subscription {subscription} is cancelled")
    return row


def unsent_items(shop: Shop, subscription: str) -> list[Row]:
    """The items of a subscription that are still to ship, with the `place` of their order, oldest first."""
    return shop.store.rows(
        'SELECT items.*, orders.place FROM items CROSS JOIN orders ON orders.public_id = items."order" '
        "WHERE subscription = ? AND +status = ? ORDER BY +items.id",
        subscription,
        UNSENT,
    )


def _new_customer(shop: Shop) -> str:
    number = people.FIRST_CUSTOMER + int(shop.store.value("SELECT count(*) FROM customers"))
    customer = people.customer(shop.rng, number, shop.epoch, shop.merchant)
    address = people.address(shop.rng, shop.new_id(), customer, shop.epoch)
    shop.store.insert("customers", customer)
    shop.store.insert("addresses", address)
    shop.store.insert("payments", people.payment(shop.rng, shop.new_id(), address, shop.epoch))
    return str(customer["merchant_user_id"])


def _ship_next(shop: Shop, subscription: Row) -> None:
    """Schedule a subscription's next shipment, one interval from today."""
    schedule(shop, subscription, shop.habits.next_day(subscription, shop.today.isoformat()))


def _drop_unsent_items(shop: Shop, subscription: str) -> list[str]:
    """Delete the unsent items of a subscription; returns the days that they would have shipped on."""
    items = unsent_items(shop, subscription)
    for item in items:
        boxes.delete_item(shop, item["public_id"])
    for order in dict.fromkeys(item["order"] for item in items):
        boxes.settle(shop, order)
    return [item["place"] for item in items]

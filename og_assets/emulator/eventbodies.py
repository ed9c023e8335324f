"""`data.object` of webhook events: times in epoch seconds, unlike REST bodies (reference: webhook event pages)."""

import json
from typing import TYPE_CHECKING, Any

from og_assets.emulator.store import Row

if TYPE_CHECKING:
    from og_assets.emulator.state import WorldState

PERIODS = {1: "Days", 2: "Weeks", 3: "Months"}
STATUS_NAMES = {
    1: "Unsent",
    3: "Rejected",
    4: "Cancelled",
    5: "Success",
    6: "Send now",
    13: "Connection error during placement",
    15: "Generic error response",
    17: "Merged",
    18: "Credit card retry",
}

_SUBSCRIBER = [
    "merchant_user_id",
    "session_id",
    "first_name",
    "last_name",
    "email",
    "phone_number",
    "phone_type",
    "created",
    "last_updated",
    "locale",
]
_SUBSCRIPTION = [
    "public_id",
    "customer",
    "product",
    "quantity",
    "frequency_days",
    "reminder_days",
    "every",
    "every_period",
    "cancelled",
    "cancel_reason",
    "session_id",
    "merchant_order_id",
    "external_id",
    "created",
    "updated",
    "start_date",
    "offer",
    "payment",
    "shipping_address",
]
_ORDER = [
    "public_id",
    "customer",
    "payment",
    "shipping_address",
    "created",
    "place",
    "cancelled",
    "tries",
    "generic_error_count",
    "status",
    "order_merchant_id",
    "rejected_message",
]
_ITEM = ["public_id", "product", "order", "subscription", "offer", "quantity"]


def event_body(world: "WorldState", object_name: str, key: str) -> dict[str, Any]:
    """The body of the event family that the object belongs to, as its row stands now."""
    row = world.row(object_name, key)
    family = {"customers": "subscriber", "subscriptions": "subscription", "orders": "order", "items": "item"}
    make = {"customers": _subscriber, "subscriptions": _subscription, "orders": _order, "items": _item}[object_name]
    return {"type": family[object_name], "merchant": world.merchant, **make(world, row)}


def money(cents: int | None) -> str | None:
    """Whole cents as the decimal string of the API."""
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"


def _json(text: str | None) -> Any:
    return {} if text is None else json.loads(text)


def _subscriber(world: "WorldState", row: Row) -> dict[str, Any]:
    latest = world.store.value(
        "SELECT public_id FROM subscriptions WHERE customer = ? ORDER BY id DESC LIMIT 1",
        row["merchant_user_id"],
    )
    return {
        **{name: row[name] for name in _SUBSCRIBER},
        "subscription": latest,
        "subscriptions": [],
        "live": bool(row["live"]),
        "extra_data": _json(row["extra_data"]),
        "phone_type_display": "mobile",
        "locale_display": "en-us",
    }


def _subscription(world: "WorldState", row: Row) -> dict[str, Any]:
    code = (row["cancel_reason_code"] or "").rstrip("|")
    context = row["prepaid_subscription_context"]
    return {
        **{name: row[name] for name in _SUBSCRIPTION},
        "components": _json(row["components"]),
        "extra_data": _json(row["extra_data"]),
        "price": money(row["price"]),
        "prepaid_subscription_context": None if context is None else json.loads(context),
        "every_period_display": PERIODS.get(row["every_period"]),
        "live": bool(row["live"]),
        "cancel_reason_code": int(code) if code else None,
    }


def _order(world: "WorldState", row: Row) -> dict[str, Any]:
    totals = ("sub_total", "tax_total", "shipping_total", "discount_total", "total")
    return {
        **{name: row[name] for name in _ORDER},
        **{name: money(row[name]) for name in totals},
        "extra_data": _json(row["extra_data"]),
        "status_display": STATUS_NAMES.get(row["status"], "Unknown"),
    }


def _item(world: "WorldState", row: Row) -> dict[str, Any]:
    customer = world.store.value("SELECT customer FROM orders WHERE public_id = ?", row["order"])
    return {
        **{name: row[name] for name in _ITEM},
        "customer": customer,
        "price": money(row["price"]),
        "total_price": money(row["total_price"]),
        "first_placed": None,
        "components": _json(row["components"]),
    }

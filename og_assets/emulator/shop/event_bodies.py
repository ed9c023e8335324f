"""`data.object` of webhook events: times in epoch seconds, unlike REST bodies (reference: webhook event pages)."""

import json
from typing import Any

from og_assets.emulator.shop import statuses
from og_assets.emulator.shop.pricing import money
from og_assets.emulator.shop.store import Row, Store

PERIODS = {1: "Days", 2: "Weeks", 3: "Months"}

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


def event_body(store: Store, merchant: str, object_name: str, row: Row) -> dict[str, Any]:
    """The body of the event family that an object belongs to, as its row stands now."""
    family, make = _FAMILIES[object_name]
    return {"type": family, "merchant": merchant, **make(store, row)}


def _json(text: str | None) -> Any:
    return {} if text is None else json.loads(text)


def _subscriber(store: Store, row: Row) -> dict[str, Any]:
    latest = store.value(
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


def _subscription(store: Store, row: Row) -> dict[str, Any]:
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


def _order(store: Store, row: Row) -> dict[str, Any]:
    totals = ("sub_total", "tax_total", "shipping_total", "discount_total", "total")
    return {
        **{name: row[name] for name in _ORDER},
        **{name: money(row[name]) for name in totals},
        "extra_data": _json(row["extra_data"]),
        "status_display": statuses.NAMES.get(row["status"], "Unknown"),
    }


def _item(store: Store, row: Row) -> dict[str, Any]:
    customer = store.value("SELECT customer FROM orders WHERE public_id = ?", row["order"])
    return {
        **{name: row[name] for name in _ITEM},
        "customer": customer,
        "price": money(row["price"]),
        "total_price": money(row["total_price"]),
        "first_placed": None,
        "components": _json(row["components"]),
    }


_FAMILIES = {
    "customers": ("subscriber", _subscriber),
    "subscriptions": ("subscription", _subscription),
    "orders": ("order", _order),
    "items": ("item", _item),
}
"""By object, the type that an event body tells and what makes it."""

"""The file drops of an emulated merchant (guide: sftp-file-drops): each day's reports as files in a folder.

They are written in the forms that the pages print, with their contradictions as a choice, and have what the API does
not tell: Ordergroove's own numbers, which are the internal ids of the world's rows.
"""

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from og_assets.emulator.shop.clock import PLACEMENT_ZONE
from og_assets.emulator.shop.pricing import money
from og_assets.emulator.shop.state import Event
from og_assets.emulator.shop.statuses import NAMES, REJECTED, SUCCESS
from og_assets.emulator.shop.store import Row
from og_assets.emulator.world import World
from og_assets.ordergroove.drops.names import DAY_FIRST, MONTH_FIRST, YEAR_FIRST

FINISHED = timedelta(minutes=30)
"""How long after the end of a business day its files are finished."""

ACTIONS: Mapping[str, int] = {
    "subscription.create": 1,
    "order.success": 2,
    "order.retryable_placement_failure": 3,
    "subscription.cancel": 5,
    "subscription.change_live": 9,
    "subscription.change_frequency": 11,
    "order.change_next_order_date": 12,
    "subscription.change_quantity": 14,
    "order.skip_order": 15,
    "subscription.sku_swap": 16,
    "order.send_now": 17,
}
"""Codes of the member activity report, by the event that a webhook tells."""

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DropStyle:
    """How files are written, where the pages leave a choice or merchants have one.

    `stamp` is the order of the stamp in file names. `item_ids` adds the key that the guide names to orders,
    `created_only` leaves subscriptions to those created on the day. `leave_out` are headers that the merchant does
    without, `add` further ones with their value. `only` are the reports that the merchant has.
    """

    stamp: str = MONTH_FIRST
    item_ids: bool = False
    created_only: bool = False
    iso_dates: bool = True
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    delimiter: str = ","
    packed: Literal["", "gzip", "zip"] = ""
    leave_out: frozenset[str] = frozenset()
    add: Mapping[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()


class DropWriter:
    """Writes the drops of a world into a folder, each whole at once."""

    def __init__(self, world: World, folder: Path, *, client: str = "coffee", style: DropStyle | None = None) -> None:
        self.world = world
        self.folder = folder
        self.style = style or DropStyle()
        self._client = client
        self._next: date = world.today - timedelta(days=1)

    def write_due(self) -> list[Path]:
        """Write what is due by the world's clock and was not written yet; the first time, yesterday's."""
        written: list[Path] = []
        while self.world.now >= _midnight(self._next + timedelta(days=1)) + FINISHED:
            written += self.write(self._next)
            self._next += timedelta(days=1)
        return written

    def write(self, day: date) -> list[Path]:
        """Write the reports of a business day, as things stand now; each has a header at least."""
        finished = _midnight(day + timedelta(days=1)) + FINISHED
        self.folder.mkdir(parents=True, exist_ok=True)
        return [
            self._put(self._name(token, finished), rows(self.world, self.style, day), finished)
            for report, (token, rows) in REPORTS.items()
            if report in (self.style.only or REPORTS)
        ]

    def _name(self, token: str, finished: datetime) -> str:
        local = finished.astimezone(PLACEMENT_ZONE)
        if self.style.stamp == DAY_FIRST:
            return f"{self._client}{token}__delta{local:%d%m%Y%H%M%S}.csv"
        if self.style.stamp == YEAR_FIRST:
            return f"{self._client}_{token}_{local:%Y%m%d}_delta.csv"
        hour = "0%H" if token == "cancelled_subscriptions" else "%H"  # noqa: S105 - three digits, as its page prints
        return f"{self._client}_{token}_{local:%m%d%Y}{local.strftime(hour)}{local:%M%S}.csv"

    def _put(self, name: str, rows: Iterable[Cells], finished: datetime) -> Path:
        rows = iter(rows)
        header = next(rows)
        names = [column for column in header if column not in self.style.leave_out]
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.style.delimiter, lineterminator=self.style.line_end)
        writer.writerow([*names, *self.style.add])
        writer.writerows([*(row[column] for column in names), *self.style.add.values()] for row in rows)
        name, body = _packed(self.style.packed, name, file.getvalue().encode(self.style.encoding, "replace"))
        path = self.folder / name
        written = path.with_name(f".{name}.new")
        written.write_bytes(body)
        os.utime(written, (finished.timestamp(), finished.timestamp()))
        written.replace(path)
        return path


def _packed(how: str, name: str, body: bytes) -> tuple[str, bytes]:
    if how == "gzip":
        return f"{name}.gz", gzip.compress(body, mtime=0)
    if how == "zip":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, body)
        return f"{name}.zip", file.getvalue()
    return name, body


def _orders(world: World, style: DropStyle, day: date) -> Iterable[Cells]:
    rows = [
        {
            "Merchant": "Coffee Club",
            "Ordergroove User ID": row["user"],
            "Merchant User ID": row["customer"],
            "Place Date": _day(day),
            "Ordergroove Order ID": row["number"],
            "Ordergroove Subscription ID": row["agreement"],
            "Email Address": row["email"],
            "First Name": row["first_name"],
            "Last Name": row["last_name"],
            "Product": row["product_name"],
            "External Product ID": row["external_product_id"],
            "SKU": row["sku"],
            "Quantity": row["quantity"],
            "Price": money(row["price"]),
            "Order Subtotal": money(row["sub_total"]),
            "Order Status": NAMES[row["status"]],
            "Merchant Order ID": row["order_merchant_id"],
            "Rejected Error Code": json.loads(row["rejected_message"] or "{}").get("code"),
            "Order Item ID": row["item"],
        }
        for row in world.store.rows(
            f"""
            SELECT orders.id AS number, orders.customer, orders.sub_total, orders.status, orders.order_merchant_id,
                orders.rejected_message, items.id AS item, items.quantity, items.price, customers.id AS user,
                customers.email, customers.first_name, customers.last_name, products.name AS product_name,
                products.external_product_id, products.sku, subscriptions.id AS agreement
            FROM orders
            JOIN items ON items."order" = orders.public_id
            JOIN customers ON customers.merchant_user_id = orders.customer
            JOIN products ON products.external_product_id = items.product
            LEFT JOIN subscriptions ON subscriptions.public_id = items.subscription
            WHERE orders.place_at >= ? AND orders.place_at < ? AND orders.status IN ({SUCCESS}, {REJECTED})
            ORDER BY items.id
            """,
            *_span(day),
        )
    ]
    header = (
        "Merchant|Ordergroove User ID|Merchant User ID|Place Date|Ordergroove Order ID|Ordergroove Subscription ID"
        "|Email Address|First Name|Last Name|Product|External Product ID|SKU|Quantity|Price|Order Subtotal"
        "|Order Status|Merchant Order ID|Rejected Error Code"
    )
    return _with_header(rows, f"{header}|Order Item ID" if style.item_ids else header)


def _changed(world: World, stamp: str, day: date) -> list[Row]:
    """Subscriptions with a stamp on that day, as they stand, with customer and what ships next."""
    return world.store.rows(
        f"""
        SELECT subscriptions.*, subscriptions.id AS number, customers.id AS user, customers.email,
            customers.created AS customer_since, products.sku,
            (SELECT min(orders.place) FROM items JOIN orders ON orders.public_id = items."order"
                WHERE items.subscription = subscriptions.public_id AND orders.status = 1) AS next_order
        FROM subscriptions
        JOIN customers ON customers.merchant_user_id = subscriptions.customer
        JOIN products ON products.external_product_id = subscriptions.product
        WHERE subscriptions.{stamp} >= ? AND subscriptions.{stamp} < ?
        ORDER BY subscriptions.id
        """,
        *_span(day),
    )


def _subscriptions(world: World, style: DropStyle, day: date) -> Iterable[Cells]:
    rows = [
        {
            **_of_a_subscription(row, _day),
            "Subscription Status": "Active" if row["live"] else "Cancelled",
            "Cancel Date": _day(_local(row["cancelled"])) if row["cancelled"] else None,
        }
        for row in _changed(world, "created" if style.created_only else "updated", day)
    ]
    return _with_header(rows, f"{_OF_A_SUBSCRIPTION}|Subscription Status|Cancel Date")


def _cancelations(world: World, style: DropStyle, day: date) -> Iterable[Cells]:
    write = date.isoformat if style.iso_dates else _day
    rows = [
        {
            **_of_a_subscription(row, write),
            "Offer ID": 412,
            "Merchant Order ID": row["merchant_order_id"],
            "Guest Checkout": "No",
        }
        for row in _changed(world, "cancelled", day)
    ]
    return _with_header(rows, f"{_OF_A_SUBSCRIPTION}|Offer ID|Merchant Order ID|Guest Checkout")


_OF_A_SUBSCRIPTION = (
    "Merchant|Ordergroove User ID|Merchant User ID|Create Date|Create Time|Start Date|Customer Status"
    "|Subscription ID|Public Subscription ID"
)


def _of_a_subscription(row: Row, write: Callable[[date], str]) -> Cells:
    created = _local(row["created"])
    is_new = _local(row["customer_since"]).date() == created.date()
    return {
        "Merchant": "Coffee Club",
        "Ordergroove User ID": row["user"],
        "Merchant User ID": row["customer"],
        "Create Date": write(created.date()),
        "Create Time": f"{write(created.date())} {created:%H:%M:%S}",
        "Start Date": write(date.fromisoformat(row["start_date"])),
        "Customer Status": "New" if is_new else "Existing",
        "Subscription ID": row["number"],
        "Public Subscription ID": row["public_id"],
    }


def _crm_subscriptions(world: World, style: DropStyle, day: date) -> Iterable[Cells]:
    rows = [
        {
            "og_subscription_id": row["public_id"],
            "customer_id": row["user"],
            "customer_email": row["email"],
            "subscription_create_date": f"{_local(row['created']):%m%d%Y%H%M%S}",
            "merchant_order_id": row["merchant_order_id"],
            "external_product_id": row["product"],
            "sku": row["sku"],
            "quantity": row["quantity"],
            "frequency": row["frequency_days"],
            "subscription_status": row["live"],
            "next_order_date": f"{date.fromisoformat(row['next_order']):%m%d%Y}000000" if row["next_order"] else None,
        }
        for row in _changed(world, "updated", day)
    ]
    return _with_header(
        rows,
        "og_subscription_id|customer_id|customer_email|subscription_create_date|merchant_order_id|external_product_id|sku"
        "|quantity|frequency|subscription_status|next_order_date",
    )


def _member_activity(world: World, style: DropStyle, day: date) -> Iterable[Cells]:
    first, end = (datetime.fromtimestamp(second, UTC) for second in _span(day))
    rows = [
        {
            "og_subscription_id": subscription,
            "user_id": event.object["customer"],
            "customer_email": world.store.value(
                "SELECT email FROM customers WHERE merchant_user_id = ?", event.object["customer"]
            ),
            "subscription_action_event": ACTIONS[event.type],
        }
        for event in list(world.events)
        if event.type in ACTIONS and first <= event.at < end
        for subscription in _meant(world, event)
    ]
    return _with_header(rows, "og_subscription_id|user_id|customer_email|subscription_action_event")


def _meant(world: World, event: Event) -> list[str]:
    """The subscriptions that an event is about; for one of an order, those with an item in it."""
    if event.object["type"] == "subscription":
        return [event.object["public_id"]]
    items = world.store.tuples(
        'SELECT DISTINCT subscription FROM items WHERE "order" = ? AND subscription IS NOT NULL ORDER BY id',
        (event.object["public_id"],),
    )
    return [subscription for (subscription,) in items]


def _with_header(rows: list[Cells], names: str) -> Iterable[Cells]:
    return [dict.fromkeys(names.split("|")), *rows]


REPORTS: Mapping[str, tuple[str, Callable[[World, DropStyle, date], Iterable[Cells]]]] = {
    "orders": ("orders", _orders),
    "subscriptions": ("subscription", _subscriptions),
    "crm_subscriptions": ("crm_subscription", _crm_subscriptions),
    "cancelations": ("cancelled_subscriptions", _cancelations),
    "member_activity": ("crm_subscriber_events", _member_activity),
}
"""By report, the word in its file names and what makes its rows, a header first."""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PLACEMENT_ZONE).astimezone(UTC)


def _span(day: date) -> tuple[int, int]:
    """The seconds of a business day, Central time, without its end."""
    return int(_midnight(day).timestamp()), int(_midnight(day + timedelta(days=1)).timestamp())


def _local(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, PLACEMENT_ZONE)


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"

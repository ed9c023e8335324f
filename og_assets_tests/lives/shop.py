"""A shop at Ordergroove, as the API's documents describe it: the truth that tables are held against.

Written from the documents with the standard library alone; imports nothing of what is tested. The shop has a clock of
its own, knows what exists, and remembers what its webhooks should have told.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
UNSENT, REJECTED, CANCELLED, SUCCESS, SEND_NOW, CARD_RETRY = 1, 3, 4, 5, 6, 18
TO_BE_PLACED = (UNSENT, SEND_NOW, CARD_RETRY)


@dataclass
class Event:
    """A webhook. `is_false` says that it tells what did not happen, or of what does not exist."""

    id: str
    type: str
    at: datetime
    body: dict[str, Any]
    is_false: bool = False

    @property
    def about(self) -> str:
        """The order or item that it is about."""
        return str(self.body["public_id"])

    def envelope(self) -> dict[str, Any]:
        """As it is sent (reference: events-and-payloads)."""
        created = int(self.at.timestamp())
        return {
            "id": self.id, "type": self.type, "created": created, "data": {"object": self.body}, "context": None,
            "snapshot": {},
        }  # fmt: skip


@dataclass
class Order:
    """An order; amounts of money are cents."""

    id: str
    customer: str
    created: datetime
    updated: datetime
    status: int = UNSENT
    merchant_id: str | None = None
    tax: int = 0
    shipping: int = 0


@dataclass
class Item:
    """A line of an order."""

    id: str
    order: str
    subscription: str | None
    product: str
    quantity: int
    price: int
    is_stamped: bool


@dataclass
class Shop:
    """The merchant. `stamps` says which items carry `order_updated`: all, none, some, or each at times."""

    dice: random.Random
    stamps: str
    begins: datetime
    orders: dict[str, Order] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    incentives: dict[str, datetime] = field(default_factory=dict)
    hidden_payments: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    deleted: dict[str, str] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._passed = timedelta()
        self._started = time.monotonic()
        self._number = 0
        self.customers = [f"c{number}" for number in range(self.dice.randint(2, 4))]
        self.payments = [f"pay{number}" for number in range(self.dice.randint(3, 9))]

    @property
    def now(self) -> datetime:
        """The shop's clock: it runs, and jumps when time is let pass."""
        return self.begins + self._passed + timedelta(seconds=time.monotonic() - self._started)

    def let_pass(self, stretch: timedelta) -> None:
        """Time goes by."""
        self._passed += stretch

    @property
    def changes(self) -> int:
        """How many changes there were so far."""
        return self._number

    def act(self) -> None:
        """One thing happens, chosen by the dice."""
        actions = (
            (4, self.subscribe), (3, self.add), (4, self.remove), (5, self.move), (3, self.delete_order),
            (5, self.place), (3, self.change_quantity), (2, self.change_incentives), (1, self.change_payments),
        )  # fmt: skip
        weights, does = zip(*actions, strict=True)
        self.dice.choices(does, weights)[0]()

    def subscribe(self) -> None:
        """A new order with some items."""
        self._create_order(self.dice.choice(self.customers))

    def add(self) -> None:
        """Something is added to an open order."""
        if order := self._any_order(UNSENT):
            self._create_item(order)

    def remove(self) -> None:
        """An item is deleted; whether an order whose last item left is deleted with it is not documented."""
        if item := self._any_item():
            order = self.orders[item.order]
            self._delete_item(item, is_told=True)
            self._left(order)

    def move(self) -> None:
        """An item goes to another open order of its customer, perhaps a new one, under the same id."""
        if item := self._any_item():
            left = self.orders[item.order]
            others = [
                order
                for order in self.orders.values()
                if order.customer == left.customer and order.status == UNSENT and order is not left
            ]
            to = self.dice.choice(others) if others and self.dice.random() < 0.6 else None
            item.order = (to or self._create_order(left.customer, is_empty=True)).id
            self._change(self.orders[item.order], item)
            self._tell(self.dice.choice(("item.change_order", "item.out_of_stock")), self._item_body(item))
            self._left(left)

    def delete_order(self) -> None:
        """An unsent order is deleted with its items; whether each of them is told of is not documented."""
        if order := self._any_order(UNSENT):
            is_told = self.dice.random() < 0.5
            for item in list(self.items_of(order.id)):
                self._delete_item(item, is_told=is_told)
            self._delete_order(order)

    def place(self) -> None:
        """An open order goes on: it is placed, refused, cancelled, sent now, or tried again."""
        if order := self._any_order(*TO_BE_PLACED):
            order.status = self.dice.choice((SUCCESS, SUCCESS, SUCCESS, REJECTED, CANCELLED, SEND_NOW, CARD_RETRY))
            if order.status == SUCCESS:
                order.merchant_id = f"shop-{order.id}"
                for item in self.items_of(order.id):
                    self._tell("item.successfully_placed", self._item_body(item))
            self._change(order)
            self._tell("order.success" if order.status == SUCCESS else "order.generic_error", self._order_body(order))

    def change_quantity(self) -> None:
        """The order is worth another amount."""
        if item := self._any_item():
            item.quantity = self.dice.randint(1, 9)
            self._change(self.orders[item.order], item)
            self._tell("item.change_quantity", self._item_body(item))

    def change_incentives(self) -> None:
        """Incentives are made and deleted without an event; one stays, because an empty list proves nothing."""
        if len(self.incentives) > 1 and self.dice.random() < 0.5:
            id = self.dice.choice(sorted(self.incentives))
            del self.incentives[id]
        else:
            id = self._new_id("inc")
            self.incentives[id] = self.now
        self._touch(id)

    def change_payments(self) -> None:
        """A payment is hidden from the list, or shown again as it was."""
        id = self.dice.choice(self.payments)
        self.hidden_payments ^= {id}
        self._touch(id)

    def lie(self) -> Event:
        """A webhook that tells what is not so, about something that exists or not."""
        of_orders, of_items = sorted(self.orders), sorted(self.items)
        kind = self.dice.choice(("order.delete", "item.remove", "item.change_order", "a test"))
        nobody = {"customer": "m1234576", "order": "6789756e263d11eea3da0a20cdd8d0a2", "subscription": None}
        body = {"public_id": self._new_id("fake"), **nobody}
        type = self.dice.choice(("order.delete", "item.remove", "item.change_order")) if kind == "a test" else kind
        if kind == "order.delete" and of_orders:
            body = self._order_body(self.orders[self.dice.choice(of_orders)])
        elif kind.startswith("item.") and of_items:
            body = self._item_body(self.items[self.dice.choice(of_items)])
            if kind == "item.change_order" and of_orders:
                body["order"] = self.dice.choice(of_orders)
        at = self.now - timedelta(seconds=self.dice.choice((0, 0, 60, 86_400)))
        return Event(self._new_id("event"), type, at, body, is_false=True)

    def items_of(self, order: str) -> Iterator[Item]:
        """The items that an order has."""
        return (item for item in list(self.items.values()) if item.order == order)

    def sub_total(self, order: str) -> int:
        """What the items of an order come to, in cents."""
        return sum(item.quantity * item.price for item in self.items_of(order))

    def listed(self, name: str) -> list[tuple[str, dict[str, Any], datetime | None, int | None]]:
        """An object's records as its list has them: key, body, change, and status of the order."""
        if name == "customers":
            begins = stamp(self.begins)
            return [
                (id, {"merchant_user_id": id, "merchant": "m", "live": True, "created": begins, "last_updated": begins},
                 self.begins, None)
                for id in self.customers
            ]  # fmt: skip
        if name == "payments":
            shown = (id for id in self.payments if id not in self.hidden_payments)
            return [(id, {"public_id": id, "customer": self.customers[0], "live": True}, None, None) for id in shown]
        if name == "one_time_incentives":
            return [
                (id, {"public_id": id, "created": stamp(at), "last_updated": stamp(at)}, None, None)
                for id, at in sorted(self.incentives.items())
            ]
        if name == "orders":
            return [(order.id, self._order(order), order.updated, order.status) for order in self.orders.values()]
        of = self.orders
        return [
            (item.id, self._item(item), of[item.order].updated, of[item.order].status) for item in self.items.values()
        ]

    def _order(self, order: Order) -> dict[str, Any]:
        sub_total = self.sub_total(order.id)
        return {
            "public_id": order.id, "merchant": "m", "customer": order.customer, "payment": None,
            "shipping_address": None, "currency_code": "USD", "sub_total": money(sub_total),
            "tax_total": money(order.tax), "shipping_total": money(order.shipping), "discount_total": "0.00",
            "total": money(sub_total + order.tax + order.shipping), "created": stamp(order.created),
            "updated": stamp(order.updated), "place": stamp(order.created + timedelta(days=20)), "cancelled": None,
            "tries": 0, "generic_error_count": 0, "status": order.status, "type": 1,
            "order_merchant_id": order.merchant_id, "rejected_message": None, "extra_data": None, "locked": False,
            "oos_free_shipping": False,
        }  # fmt: skip

    def _item(self, item: Item) -> dict[str, Any]:
        """`order_updated` may be absent (reference: items-list shows bodies without it)."""
        body = {
            "public_id": item.id, "order": item.order, "offer": None, "subscription": item.subscription,
            "product": item.product, "components": [], "quantity": item.quantity, "price": money(item.price),
            "total_price": money(item.quantity * item.price), "one_time": item.subscription is None, "frozen": False,
            "first_placed": None,
        }  # fmt: skip
        is_stamped = self.dice.random() < 0.5 if self.stamps == "at times" else item.is_stamped
        return {**body, "order_updated": stamp(self.orders[item.order].updated)} if is_stamped else body

    def _create_order(self, customer: str, *, is_empty: bool = False) -> Order:
        now = self.now
        order = Order(
            self._new_id("o"), customer, now, now, tax=self.dice.randint(0, 300), shipping=self.dice.randint(0, 900)
        )
        self.orders[order.id] = order
        self._tell("order.create", self._order_body(order))
        for _ in range(0 if is_empty else self.dice.randint(1, 3)):
            self._create_item(order)
        return order

    def _create_item(self, order: Order) -> None:
        is_stamped = self.dice.random() < {"all": 1.0, "none": 0.0}.get(self.stamps, 0.5)
        subscription = None if self.dice.random() < 0.3 else f"s{self.dice.randrange(3)}"
        item = Item(
            self._new_id("i"), order.id, subscription, f"p{self.dice.randrange(3)}", self.dice.randint(1, 3),
            self.dice.randint(0, 5000), is_stamped,
        )  # fmt: skip
        self.items[item.id] = item
        self._change(order, item)
        self._tell("item.create", self._item_body(item))

    def _delete_item(self, item: Item, *, is_told: bool) -> None:
        del self.items[item.id]
        self.deleted[item.id] = "items"
        self._change(self.orders[item.order], item)
        if is_told:
            self._tell("item.remove", self._item_body(item))

    def _delete_order(self, order: Order) -> None:
        del self.orders[order.id]
        self.deleted[order.id] = "orders"
        self._touch(order.id)
        self._tell("order.delete", self._order_body(order))

    def _left(self, order: Order) -> None:
        """An item has left an order."""
        self._change(order)
        if next(self.items_of(order.id), None) is None and self.dice.random() < 0.6:
            self._delete_order(order)

    def _change(self, order: Order, *items: Item) -> None:
        """Any change of an item recalculates its order and moves its stamp."""
        order.updated = self.now
        self._touch(order.id, *(item.id for item in items))

    def _touch(self, *ids: str) -> None:
        self._number += 1
        self.touched |= dict.fromkeys(ids, self._number)

    def _tell(self, type: str, body: dict[str, Any]) -> None:
        self.events.append(Event(self._new_id("event"), type, self.now, body))

    def _order_body(self, order: Order) -> dict[str, Any]:
        return {"type": "order", "public_id": order.id, "customer": order.customer, "total": "0.00", "status": UNSENT}

    def _item_body(self, item: Item) -> dict[str, Any]:
        return {
            "type": "item", "public_id": item.id, "order": item.order, "subscription": item.subscription,
            "product": item.product, "customer": self.orders[item.order].customer,
        }  # fmt: skip

    def _any_order(self, *statuses: int) -> Order | None:
        found = [order for order in self.orders.values() if order.status in statuses]
        return self.dice.choice(found) if found else None

    def _any_item(self) -> Item | None:
        found = [item for item in self.items.values() if self.orders[item.order].status == UNSENT]
        return self.dice.choice(found) if found else None

    def _new_id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}{self._number}"


def stamp(instant: datetime) -> str:
    """An instant as REST bodies write it: a wall clock of New York without a zone, in whole seconds."""
    return instant.astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")


def money(cents: int) -> str:
    """Cents as a decimal text."""
    return f"{cents // 100}.{cents % 100:02}"

"""The past of a new world: eighteen months of sign-ups, orders, skips and cancellations, written in order of creation.

One pass over the days. What becomes of an order is known when it is created, so each row is written once.
"""

import gc
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from og_assets.emulator import people
from og_assets.emulator.catalogue import CANCEL_REASONS, FREQUENCIES, Catalogue
from og_assets.emulator.pricing import line_total, order_totals
from og_assets.emulator.schema import TABLES
from og_assets.emulator.state import (
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    MERGED,
    PLACEMENT_ZONE,
    REJECTED,
    SUCCESS,
    UNSENT,
)
from og_assets.emulator.store import Row, Store

DAYS = 548
ORDERS_PER_CUSTOMER = 6.45
"""About how many orders the history leaves per customer."""

COLUMNS = {name: table.columns for name, table in TABLES.items()}
PLACEMENT_TIME = time(3)
DECLINED = json.dumps({"message": "The card was declined.", "code": "140"})
REFUSED = json.dumps({"message": "Do not retry.", "code": "160"})


def placement_of(day: date) -> int:
    """When the nightly placement of that day runs, in epoch seconds."""
    return int(datetime.combine(day, PLACEMENT_TIME, PLACEMENT_ZONE).timestamp())


def daytime(rng: random.Random, day: date) -> int:
    """A moment between 13:00 and 23:59 UTC of a day: shop hours in America, in no zone's repeated or skipped hour."""
    midnight = datetime.combine(day, time(), UTC)
    return int(midnight.timestamp()) + rng.randrange(13 * 3600, 24 * 3600)


@dataclass(slots=True)
class Line:
    """What a subscription puts into each box: (product, component id, unit price) per item."""

    subscription: str
    offer: str
    percent_off: int
    quantity: int
    items: list[tuple[str, str | None, int]]
    components: str


@dataclass(slots=True)
class Box:
    """Subscriptions that ship together: one customer, address, payment and rhythm, until `ends` (epoch seconds)."""

    customer: str
    payment: str
    address: str
    state: str | None
    days: int
    lines: list[Line]
    ends: int | None


class History:
    """Writes the past of `customers` people up to the instant `now` (epoch seconds) into a store."""

    def __init__(
        self,
        store: Store,
        rng: random.Random,
        catalogue: Catalogue,
        merchant: str,
        now: int,
        customers: int,
    ) -> None:
        self._store, self._rng, self._catalogue, self._merchant, self._now = store, rng, catalogue, merchant, now
        self._customers = customers
        self._signed = 0
        self._today = datetime.fromtimestamp(now, PLACEMENT_ZONE).date()
        self._buffers: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._agenda: dict[date, list[tuple[int, Box]]] = defaultdict(list)

    def write(self) -> None:
        """Live through the days and write their rows."""
        # Millions of small tuples come and go without a cycle among them: looking for cycles would double the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._live_through()
        finally:
            if collecting:
                gc.enable()
        for table in list(self._buffers):
            self._flush(table)

    def _live_through(self) -> None:
        sign_ups = self._sign_ups()
        for back in range(DAYS, -1, -1):
            day = self._today - timedelta(days=back)
            todo = self._agenda.pop(day, []) + [(at, None) for at in sorted(next(sign_ups, []))]
            todo.sort(key=lambda entry: entry[0])
            for at, box in todo:
                if at > self._now:
                    continue
                for started in [box] if box else self._sign_up(at, day):
                    self._next_order(started, at, day)

    def _sign_ups(self) -> Iterator[list[int]]:
        """Per day, the instants at which people subscribe."""
        per_day: list[int] = [0] * DAYS
        for _ in range(self._customers):
            per_day[self._rng.randrange(DAYS)] += 1
        for number, count in enumerate(per_day):
            day = self._today - timedelta(days=DAYS - number)
            yield [daytime(self._rng, day) for _ in range(count)]

    def _sign_up(self, at: int, day: date) -> list[Box]:
        rng = self._rng
        self._signed += 1
        customer = people.customer(rng, 40000 + self._signed, at, self._merchant)
        boxes = [self._box(customer, at, day) for _ in range(1 if rng.random() < 0.8 else 2)]
        ends = [box.ends for box in boxes]
        if all(end is not None for end in ends):
            customer["live"] = 0
            customer["last_updated"] = max(end or 0 for end in ends)
        elif rng.random() < 0.3:
            customer["last_updated"] = self._later(at)
        self._add("customers", customer)
        return boxes

    def _box(self, customer: Row, at: int, day: date) -> Box:
        rng = self._rng
        address = people.address(rng, self._id(), customer, at)
        payment = people.payment(rng, self._id(), address, at)
        if rng.random() < 0.1:
            former = people.address(rng, self._id(), customer, at)
            former["live"], former["updated"] = 0, self._later(at)
            self._add("addresses", former)
            self._add("payments", people.payment(rng, self._id(), former, at) | {"live": 0})
        ends = None
        if rng.random() < 0.3:
            ends = daytime(rng, day + timedelta(days=rng.randrange(10, 400)))
            ends = ends if ends <= self._now else None
        self._add("addresses", address)
        self._add("payments", payment)
        frequency = rng.choice(FREQUENCIES)
        lines = [
            self._line(customer, address, payment, frequency, at, day, ends)
            for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))
        ]
        return Box(
            customer["merchant_user_id"],
            payment["public_id"],
            address["public_id"],
            address["state_province_code"],
            frequency[0],
            lines,
            ends,
        )

    def _line(
        self,
        customer: Row,
        address: Row,
        payment: Row,
        frequency: tuple[int, int, int],
        at: int,
        day: date,
        ends: int | None,
    ) -> Line:
        rng, catalogue = self._rng, self._catalogue
        row = people.subscription(
            rng,
            self._id(),
            customer,
            rng.choice(catalogue.subscribable),
            frequency,
            at,
            day.isoformat(),
        )
        people.vary(rng, row, catalogue.bundles)
        offer = rng.choice(list(catalogue.percent_off))
        row |= {"payment": payment["public_id"], "shipping_address": address["public_id"], "offer": offer}
        if ends is not None:
            code = rng.choice(list(CANCEL_REASONS))
            row |= {
                "live": 0,
                "cancelled": ends,
                "updated": ends,
                "cancel_reason": f"{code}|{CANCEL_REASONS[code]}" if rng.random() < 0.9 else "not any more",
                "cancel_reason_code": rng.choice((f"{code}", f"{code}", f"{code}|")),
            }
        elif rng.random() < 0.4:
            row["updated"] = self._later(at)
        self._add("subscriptions", row)
        parts = [part for part in json.loads(row["components"]) if part["public_id"] is not None]
        items = [(part["product"], part["public_id"], catalogue.prices[part["product"]]) for part in parts]
        price = catalogue.prices[row["product"]] if row["price"] is None else row["price"]
        return Line(
            row["public_id"],
            offer,
            catalogue.percent_off[offer],
            row["quantity"],
            items or [(row["product"], None, price)],
            "[]" if parts else row["components"],
        )

    def _next_order(self, box: Box, at: int, day: date) -> None:
        """Create the order after the one that is placed or skipped at `at`, with what became of it."""
        place = day + timedelta(days=box.days)
        placed = placement_of(place)
        if box.ends is not None and box.ends <= placed:
            return
        status, updated, cancelled = self._outcome(at, day, place, placed)
        order = self._id()
        shipping_off = 200 if self._rng.random() < 0.03 else 0
        totals = order_totals(self._items(order, box), box.state, shipping_off)
        tries = 0 if status in (UNSENT, CANCELLED) else 1
        message = {REJECTED: REFUSED, CARD_RETRY: DECLINED}.get(status)
        shop_order = str(300000 + self._rng.randrange(10**7)) if status == SUCCESS else None
        self._append(
            "orders",
            (
                order,
                box.customer,
                box.payment,
                box.address,
                "USD",
                totals.sub_total,
                totals.tax_total,
                totals.shipping_total,
                totals.discount_total,
                totals.total,
                at,
                updated,
                place.isoformat(),
                cancelled,
                tries,
                int(status == GENERIC_ERROR),
                status,
                1,
                shop_order,
                message,
                None,
                0,
                0,
                updated if tries else None,
            ),
        )
        if self._rng.random() < 0.015:
            self._merged(order, box, at, place)
        if shipping_off:
            self._incentive(order, box, at, updated if status == SUCCESS else None)
        if status == CANCELLED:
            skipped_on = datetime.fromtimestamp(updated, PLACEMENT_ZONE).date()
            self._agenda[skipped_on].append((updated, box))
        elif status != UNSENT:
            self._agenda[place].append((placed, box))

    def _outcome(self, at: int, day: date, place: date, placed: int) -> tuple[int, int, int | None]:
        """Status, instant of the last change, instant of cancellation."""
        rng = self._rng
        if placed > self._now:
            return UNSENT, (self._later(at) if rng.random() < 0.3 else at), None
        chance = rng.random()
        if chance < 0.05:
            skipped = daytime(rng, day + timedelta(days=rng.randrange(1, (place - day).days)))
            return CANCELLED, skipped, skipped
        if self._now - placed < 3 * 86400 and chance < 0.2:
            return rng.choice((CONNECTION_ERROR, GENERIC_ERROR, CARD_RETRY)), placed, None
        return (REJECTED if chance < 0.08 else SUCCESS), placed, None

    def _items(self, order: str, box: Box) -> list[tuple[int, int, int]]:
        """Write the items of an order; returns (quantity, price, total_price) of each."""
        priced = []
        for line in box.lines:
            for product, component, price in line.items:
                total = line_total(line.quantity, price, line.percent_off)
                priced.append((line.quantity, price, total))
                self._append(
                    "items",
                    (
                        self._id(),
                        order,
                        line.offer,
                        line.subscription,
                        product,
                        line.components,
                        component,
                        line.quantity,
                        price,
                        0,
                        total,
                        0,
                        0,
                    ),
                )
        if self._rng.random() < 0.08:
            product = self._rng.choice(self._catalogue.subscribable)
            price = self._catalogue.prices[product]
            priced.append((1, price, price))
            self._append(
                "items",
                (
                    self._id(),
                    order,
                    None,
                    None,
                    product,
                    "[]",
                    None,
                    1,
                    price,
                    0,
                    price,
                    1,
                    0,
                ),
            )
        return priced

    def _merged(self, order: str, box: Box, at: int, place: date) -> None:
        """An order whose items went into `order`, leaving it empty with status 17."""
        self._append(
            "orders",
            (
                self._id(),
                box.customer,
                box.payment,
                box.address,
                "USD",
                0,
                0,
                0,
                0,
                0,
                at,
                at,
                place.isoformat(),
                None,
                0,
                0,
                MERGED,
                1,
                None,
                None,
                json.dumps({"merged_order_id": order}),
                1,
                0,
                None,
            ),
        )

    def _incentive(self, order: str, box: Box, at: int, applied: int | None) -> None:
        code = f"code-{self._rng.randrange(1000)}"
        incentive = {
            "type": "Discount",
            "public_id": self._id(),
            "discount_type": "Flat Amount",
            "target": "shipping_total",
            "field": "total_price",
            "name": code,
            "value": "2.00",
        }
        self._append(
            "one_time_incentives",
            (
                self._id(),
                code,
                "Goodwill",
                box.customer,
                order,
                None,
                at,
                applied or at,
                applied,
                json.dumps(incentive),
            ),
        )

    def _later(self, at: int) -> int:
        """A moment in shop hours between `at` and now."""
        days = (self._now - at) // 86400
        if days < 2:
            return at
        first = datetime.fromtimestamp(at, UTC).date()
        return daytime(self._rng, first + timedelta(days=self._rng.randrange(1, days)))

    def _id(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"

    def _add(self, table: str, row: Row) -> None:
        self._append(table, tuple([row[column] for column in COLUMNS[table]]))

    def _append(self, table: str, values: tuple[Any, ...]) -> None:
        buffer = self._buffers[table]
        buffer.append(values)
        if len(buffer) >= 5000:
            self._flush(table)

    def _flush(self, table: str) -> None:
        self._store.load(table, self._buffers[table])
        self._buffers[table].clear()

"""Placement: how unsent orders are sent, succeed, fail and are followed by the next (reference: order-status-codes)."""

import json
from datetime import UTC, datetime, timedelta

from og_assets.emulator.boxes import Boxes
from og_assets.emulator.history import DECLINED, PLACEMENT_TIME, REFUSED
from og_assets.emulator.state import (
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    PLACEMENT_ZONE,
    REJECTED,
    RETRIED,
    SEND_NOW,
    SUCCESS,
    UNSENT,
    WorldError,
    day_after,
    locked,
    parsed,
)
from og_assets.emulator.store import Row

OUTCOMES = ((SUCCESS, 88), (REJECTED, 3), (CONNECTION_ERROR, 2), (GENERIC_ERROR, 2), (CARD_RETRY, 5))
"""Statuses that the nightly placement ends in, with their share in per cent."""

EVENTS = {
    SUCCESS: "order.success",
    REJECTED: "order.reject",
    GENERIC_ERROR: "order.generic_error",
    CARD_RETRY: "order.retryable_placement_failure",
}
TRY_AGAIN = json.dumps({"message": "Try again.", "code": "999"})
MESSAGES = {REJECTED: REFUSED, CARD_RETRY: DECLINED, GENERIC_ERROR: TRY_AGAIN}


class Placement(Boxes):
    """The nightly placement and all that sends, skips or moves a whole order."""

    @locked
    def advance(self, delta: timedelta) -> None:
        """Let time pass; each night passed at 03:00 America/Chicago places what is due."""
        if delta < timedelta():
            raise WorldError("time in a world only goes forward")
        target = self._now + delta
        while (night := self._next_night()) <= target:
            self._now = night
            self.place_due_orders()
        self._now = target.replace(microsecond=0)

    def _next_night(self) -> datetime:
        local = self._now.astimezone(PLACEMENT_ZONE)
        for days in (0, 1):
            day = local.date() + timedelta(days=days)
            night = datetime.combine(day, PLACEMENT_TIME, PLACEMENT_ZONE).astimezone(UTC)
            if night > self._now:
                return night
        raise AssertionError("one of two nights lies ahead")

    @locked
    def place_due_orders(self) -> int:
        """Place every order that is due today or waits for a retry; returns how many."""
        marks = ", ".join(str(status) for status in (UNSENT, SEND_NOW, *RETRIED))
        due = self.store.tuples(
            f"SELECT public_id FROM orders WHERE status IN ({marks}) AND place <= ? ORDER BY id",
            (self.today.isoformat(),),
        )
        statuses, shares = zip(*OUTCOMES, strict=True)
        for (order,) in due:
            self.place_order(order, self.rng.choices(statuses, shares)[0])
        return len(due)

    @locked
    def place_order(self, order: str, status: int = SUCCESS) -> None:
        """Try to place an order now, with that outcome: 5, 3, 13, 15 or 18.

        Before the first try the next shipment of each of its subscriptions gets its item and order.
        """
        row = self.row("orders", order)
        if row["status"] not in (UNSENT, SEND_NOW, *RETRIED):
            raise WorldError(f"order {order} has status {row['status']} and is not to be placed any more")
        if row["status"] == UNSENT:
            self._schedule_next(row, row["place"])
        errors = row["generic_error_count"] + (status == GENERIC_ERROR)
        self.change(
            "orders",
            order,
            status=status,
            tries=row["tries"] + 1,
            place_at=self.epoch,
            place=self.today.isoformat(),
            generic_error_count=errors,
            rejected_message=MESSAGES.get(status),
            order_merchant_id=str(self.rng.randrange(3 * 10**5, 10**7)) if status == SUCCESS else None,
        )
        if status in EVENTS:
            self.emit(EVENTS[status], "orders", order)
        if status == SUCCESS:
            self._succeeded(order)

    @locked
    def send_now(self, order: str) -> None:
        """Send an unsent order at the next placement: status 6, placed today; its successor exists at once."""
        row = self._unsent(order)
        self._schedule_next(row, self.today.isoformat())
        self.change("orders", order, status=SEND_NOW, place=self.today.isoformat())
        self.emit("order.send_now", "orders", order)

    @locked
    def skip_order(self, order: str) -> None:
        """Skip a whole order: it stays with status 4 and `cancelled` set, and the next one is created."""
        row = self._unsent(order)
        self._schedule_next(row, row["place"])
        self.change("orders", order, status=CANCELLED, cancelled=self.epoch)
        self.emit("order.skip_order", "orders", order)

    @locked
    def change_order_date(self, order: str, day: str | None = None) -> None:
        """Move the place date of an unsent order to an ISO day (default a week later)."""
        row = self._unsent(order)
        self.change("orders", order, place=day or day_after(row["place"], 7))
        self.emit("order.change_next_order_date", "orders", order)

    def _schedule_next(self, order: Row, day: str) -> None:
        """Create the next shipment of each live subscription in an order, counted from `day`."""
        keys = self.store.tuples(
            'SELECT DISTINCT subscription FROM items WHERE "order" = ? AND subscription IS NOT NULL ORDER BY id',
            (order["public_id"],),
        )
        for (key,) in keys:
            subscription = self.row("subscriptions", key)
            if subscription["live"]:
                self._schedule(subscription, day_after(day, subscription["frequency_days"]))

    def _schedule(self, subscription: Row, day: str) -> str:
        order = self._box_for(subscription, day)
        self._fill(order, subscription)
        return order

    def _succeeded(self, order: str) -> None:
        for item in self.items_of(order):
            self.emit("item.successfully_placed", "items", item["public_id"])
        for (key,) in self.store.tuples(
            'SELECT public_id FROM one_time_incentives WHERE "order" = ? AND applied_at IS NULL',
            (order,),
        ):
            self.change("one_time_incentives", key, applied_at=self.epoch)
        for (key,) in self.store.tuples(
            "SELECT DISTINCT subscription FROM items CROSS JOIN subscriptions AS paid ON paid.public_id = subscription "
            'WHERE "order" = ? AND paid.prepaid_subscription_context IS NOT NULL',
            (order,),
        ):
            self._use_prepaid(key)

    def _use_prepaid(self, key: str) -> None:
        """Count one prepaid order down; at 0 the order renewed the prepayment."""
        context = parsed(self.row("subscriptions", key)["prepaid_subscription_context"])
        left = context["prepaid_orders_remaining"]
        context["prepaid_orders_remaining"] = (left or context["prepaid_orders_per_billing"]) - 1
        self.change("subscriptions", key, prepaid_subscription_context=json.dumps(context))

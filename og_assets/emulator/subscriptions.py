"""What customers and the service desk do with subscriptions (reference: subscription events)."""

import json

from og_assets.emulator import people
from og_assets.emulator.catalogue import CANCEL_REASONS, FREQUENCIES
from og_assets.emulator.placement import Placement
from og_assets.emulator.state import UNSENT, WorldError, day_after, locked, parsed
from og_assets.emulator.store import Row


class Subscriptions(Placement):
    """Subscribing, changing, skipping, cancelling, reactivating."""

    @locked
    def subscribe(self, customer: str | None = None, product: str | None = None, quantity: int | None = None) -> str:
        """Start a subscription, for a new customer when none is given; its first order is in a fortnight or later.

        Returns the subscription's id.
        """
        fresh = customer is None
        customer = customer or self._new_customer()
        person = self.row("customers", customer)
        payment = self.store.rows(
            "SELECT public_id, billing_address FROM payments WHERE customer = ? AND live ORDER BY id DESC LIMIT 1",
            customer,
        )[0]
        row = people.subscription(
            self.rng,
            self.new_id(),
            person,
            product or self.rng.choice(self.catalogue.subscribable),
            self.rng.choice(FREQUENCIES),
            self.epoch,
            self.today.isoformat(),
        )
        if product is None:
            people.vary(self.rng, row, self.catalogue.bundles)
        row |= {
            "payment": payment["public_id"],
            "shipping_address": payment["billing_address"],
            "offer": self.rng.choice(list(self.catalogue.percent_off)),
            "quantity": quantity or row["quantity"],
        }
        self.store.insert("subscriptions", row)
        self.emit("subscription.create", "subscriptions", row["public_id"])
        if fresh:
            self.emit("subscriber.create", "customers", customer)
        self.change("customers", customer, live=1)
        self._schedule(row, day_after(self.today.isoformat(), row["frequency_days"]))
        return str(row["public_id"])

    @locked
    def cancel_subscription(self, subscription: str, reason: int = 4) -> None:
        """End a subscription: its unsent items are deleted, and the orders that this leaves empty."""
        row = self._live(subscription)
        self.change(
            "subscriptions",
            subscription,
            live=0,
            cancelled=self.epoch,
            cancel_reason_code=str(reason),
            cancel_reason=f"{reason}|{CANCEL_REASONS[reason]}",
        )
        self._drop_unsent_items(subscription)
        self.emit("subscription.cancel", "subscriptions", subscription)
        left = self.store.value("SELECT count(*) FROM subscriptions WHERE customer = ? AND live", row["customer"])
        if not left:
            self.change("customers", row["customer"], live=0)
            self.emit("subscriber.cancel", "customers", row["customer"])

    @locked
    def reactivate_subscription(self, subscription: str) -> None:
        """Take a cancelled subscription up again, with a next order."""
        row = self.row("subscriptions", subscription)
        if row["live"]:
            raise WorldError(f"subscription {subscription} is not cancelled")
        self.change("subscriptions", subscription, live=1, cancelled=None, cancel_reason=None, cancel_reason_code=None)
        self.change("customers", row["customer"], live=1)
        self.emit("subscription.change_live", "subscriptions", subscription)
        self._schedule(row, day_after(self.today.isoformat(), row["frequency_days"]))

    @locked
    def skip_subscription(self, subscription: str) -> str:
        """Skip one shipment: its items leave and come back with new ids on a later order, which is returned."""
        row = self._live(subscription)
        days = self._drop_unsent_items(subscription)
        day = max(days, default=self.today.isoformat())
        return self._schedule(row, day_after(day, row["frequency_days"]))

    @locked
    def change_quantity(self, subscription: str, quantity: int) -> None:
        """Change how many units ship from now on, the upcoming order included."""
        self._live(subscription)
        self.change("subscriptions", subscription, quantity=quantity)
        for item in self._unsent_items(subscription):
            self.change_item_quantity(item["public_id"], quantity)
        self.emit("subscription.change_quantity", "subscriptions", subscription)

    @locked
    def change_frequency(self, subscription: str, frequency: tuple[int, int, int] = (60, 2, 3)) -> None:
        """Change the rhythm: (frequency_days, every, every_period). The upcoming order keeps its date."""
        days, every, period = frequency
        self._live(subscription)
        self.change("subscriptions", subscription, frequency_days=days, every=every, every_period=period)
        self.emit("subscription.change_frequency", "subscriptions", subscription)

    @locked
    def swap_product(self, subscription: str, product: str) -> None:
        """Ship another product from now on; unsent items change with it."""
        self._live(subscription)
        self.change("subscriptions", subscription, product=product, components="[]", price=None)
        for number, item in enumerate(self._unsent_items(subscription)):
            if number:
                self.remove_item(item["public_id"])
                continue
            self.store.update(
                "items",
                item["public_id"],
                {
                    "product": product,
                    "components": "[]",
                    "subscription_component": None,
                    "price": self.catalogue.prices[product],
                    "frozen": 0,
                },
            )
            self._settle(item["order"])
        self.emit("subscription.sku_swap", "subscriptions", subscription)

    @locked
    def remove_component(self, subscription: str) -> None:
        """Take the last component out of a bundle of two or more, with its unsent item."""
        row = self._live(subscription)
        lines = parsed(row["components"])
        if len(lines) < 2:
            raise WorldError(f"subscription {subscription} has fewer than two components")
        gone = lines.pop()
        self.change("subscriptions", subscription, components=json.dumps(lines))
        for item in self._unsent_items(subscription):
            if gone["public_id"] is not None and item["subscription_component"] == gone["public_id"]:
                self.remove_item(item["public_id"])
        self.emit("subscription.change_components", "subscriptions", subscription)

    def _new_customer(self) -> str:
        number = 40001 + int(self.store.value("SELECT count(*) FROM customers"))
        customer = people.customer(self.rng, number, self.epoch, self.merchant)
        address = people.address(self.rng, self.new_id(), customer, self.epoch)
        self.store.insert("customers", customer)
        self.store.insert("addresses", address)
        self.store.insert("payments", people.payment(self.rng, self.new_id(), address, self.epoch))
        return str(customer["merchant_user_id"])

    def _live(self, subscription: str) -> Row:
        row = self.row("subscriptions", subscription)
        if not row["live"]:
            raise WorldError(f"subscription {subscription} is cancelled")
        return row

    def _unsent_items(self, subscription: str) -> list[Row]:
        return self.store.rows(
            'SELECT items.*, orders.place FROM items CROSS JOIN orders ON orders.public_id = items."order" '
            "WHERE subscription = ? AND +status = ? ORDER BY +items.id",
            subscription,
            UNSENT,
        )

    def _drop_unsent_items(self, subscription: str) -> list[str]:
        """Delete the unsent items of a subscription; returns the days that they would have shipped on."""
        items = self._unsent_items(subscription)
        for item in items:
            self._delete_item(item["public_id"])
        for order in dict.fromkeys(item["order"] for item in items):
            self._settle(order)
        return [item["place"] for item in items]

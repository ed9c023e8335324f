"""A world: a shop with its past, and all that can be done with it and asked of it."""

from datetime import UTC, datetime, timedelta

from og_assets.emulator.shop import (
    boxes,
    catalogue,
    day,
    edits,
    goodwill,
    items,
    memory,
    orders,
    placement,
    reading,
    record,
    subscription_changes,
    subscriptions,
)
from og_assets.emulator.shop.clock import DAY_SECONDS
from og_assets.emulator.shop.habits import EASY
from og_assets.emulator.shop.history import DAYS, ORDERS_PER_CUSTOMER, write_history
from og_assets.emulator.shop.state import Habits, Shop

DEFAULT_NOW = datetime(2025, 6, 3, 17, 30, tzinfo=UTC)
"""A Tuesday, 12:30 in Chicago."""


class World(Shop):
    """A merchant with customers, eighteen months of history and a clock that only tests and callers move.

    The same `seed`, `customers`, `orders`, `now` and `habits` give the same rows and, under the same calls,
    the same future. `orders` asks for a history of about that many orders in place of `customers`. Where habits
    have lived days, these are the end of the history; no event tells of them, and the world remembers them.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        customers: int = 20,
        orders: int | None = None,
        now: datetime = DEFAULT_NOW,
        merchant: str | None = None,
        habits: Habits = EASY,
    ) -> None:
        super().__init__(seed, now - timedelta(days=habits.lived_days), merchant, habits)
        if orders is not None:
            customers = max(1, round(orders / ORDERS_PER_CUSTOMER))
        self.catalogue = catalogue.stock(self.store, self.rng, self.epoch - (DAYS + 30) * DAY_SECONDS)
        write_history(self, customers)
        self.store.index()
        if habits.lived_days:
            memory.remember(self)
            for _ in range(habits.lived_days):
                day.simulate_day(self)
            self.events.clear()

    # Time.
    advance = placement.advance
    simulate_day = day.simulate_day
    place_due_orders = placement.place_due_orders

    # Subscriptions.
    subscribe = subscriptions.subscribe
    cancel_subscription = subscriptions.cancel_subscription
    reactivate_subscription = subscriptions.reactivate_subscription
    skip_subscription = subscriptions.skip_subscription
    change_quantity = subscription_changes.change_quantity
    change_frequency = subscription_changes.change_frequency
    swap_product = subscription_changes.swap_product
    remove_component = subscription_changes.remove_component
    change_shipping_address = subscription_changes.change_shipping_address
    change_payment = subscription_changes.change_payment

    # Orders.
    place_order = placement.place_order
    send_now = orders.send_now
    skip_order = orders.skip_order
    change_order_date = orders.change_order_date
    create_one_time_incentive = goodwill.create_one_time_incentive
    create_item_incentive = goodwill.create_item_incentive
    delete_one_time_incentive = goodwill.delete_one_time_incentive

    # Items.
    items_of = boxes.items_of
    add_one_time_item = items.add_one_time_item
    remove_item = items.remove_item
    move_item = items.move_item
    change_item_quantity = items.change_item_quantity
    change_item_price = items.change_item_price

    # What orders refer to.
    edit_customer = edits.edit_customer
    edit_address = edits.edit_address
    edit_payment = edits.edit_payment
    edit_product = edits.edit_product
    edit_offer_profile = edits.edit_offer_profile

    # What stands there.
    count = reading.count
    keys = reading.keys
    truth = reading.truth
    remember = memory.remember
    truth_as_of = memory.truth_as_of
    changes_of = memory.changes_of
    switches = record.switches

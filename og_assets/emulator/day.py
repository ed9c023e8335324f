"""An ordinary day of the merchant: who subscribes, skips, cancels, edits what; then the night's placement."""

from collections.abc import Callable
from datetime import timedelta

from og_assets.emulator.edits import Edits
from og_assets.emulator.schema import TABLES
from og_assets.emulator.state import UNSENT, locked


class Days(Edits):
    """Lets the world live by itself."""

    @locked
    def simulate_day(self) -> None:
        """Advance by 24 hours in which the usual things happen, each to one customer in 200, at most to 50."""
        end = self._now + timedelta(days=1)
        customers = int(self.store.value("SELECT count(*) FROM customers"))
        rate = min(50, max(0.35, customers * 0.005))
        happenings = [happening for happening in self._usual_day() for _ in range(int(rate + self.rng.random()))]
        self.rng.shuffle(happenings)
        step = timedelta(days=1) / (len(happenings) + 1)
        for happening in happenings:
            self.advance(timedelta(seconds=int(step.total_seconds())))
            happening()
        self.advance(end - self._now)

    def _usual_day(self) -> list[Callable[[], object]]:
        """What happens on a day; each picks its object at random and does nothing when there is none."""
        unsent = f"status = {UNSENT}"
        rng, products = self.rng, self.catalogue.subscribable
        return [
            self.subscribe,
            self._with("customers", "1", self.subscribe),
            self._with("subscriptions", "live", self.cancel_subscription),
            self._with("subscriptions", "NOT live", self.reactivate_subscription),
            self._with("orders", unsent, self.skip_order),
            self._with("subscriptions", "live", self.skip_subscription),
            self._with("subscriptions", "live", lambda key: self.change_quantity(key, rng.randrange(1, 5))),
            self._with("subscriptions", "live", self.change_frequency),
            self._with(
                "subscriptions",
                "live AND components = '[]'",
                lambda key: self.swap_product(key, rng.choice(products)),
            ),
            self._with(
                "subscriptions",
                "live AND json_array_length(components) > 1",
                self.remove_component,
            ),
            self._with("orders", unsent, self.add_one_time_item),
            self._with("orders", unsent, self._with_item(self.remove_item, one_time=True)),
            self._with("orders", unsent, self._with_item(self.move_item)),
            self._with(
                "orders",
                unsent,
                self._with_item(lambda key: self.change_item_price(key, rng.randrange(100, 3000))),
            ),
            self._with("orders", unsent, self.change_order_date),
            self._with("orders", unsent, self.send_now),
            self._with("orders", unsent, self.create_one_time_incentive),
            self._with("one_time_incentives", "applied_at IS NULL", self.delete_one_time_incentive),
            self._with("customers", "1", self.edit_customer),
            self._with("addresses", "1", self.edit_address),
            self._with("payments", "1", self.edit_payment),
            self._with("subscriptions", "live", self.change_shipping_address),
            self._with("subscriptions", "live", self.change_payment),
            self._with("products", "1", self.edit_product),
            self._with("offer_profiles", "1", self.edit_offer_profile),
        ]

    def _with(self, table: str, condition: str, act: Callable[[str], object]) -> Callable[[], object]:
        """`act` on one random row that meets a condition, when there is any."""

        def happening() -> object:
            first, last = (
                self.store.value(f'SELECT id FROM "{table}" WHERE {condition} ORDER BY id {direction} LIMIT 1')
                for direction in ("ASC", "DESC")
            )
            if first is None:
                return None
            sql = f'SELECT "{TABLES[table].key}" FROM "{table}" WHERE {condition} AND id >= ? ORDER BY id LIMIT 1'
            return act(self.store.value(sql, self.rng.randint(first, last)))

        return happening

    def _with_item(self, act: Callable[[str], object], *, one_time: bool = False) -> Callable[[str], object]:
        """`act` on one random item of an order, when it has any that fits."""

        def happening(order: str) -> object:
            items = [item["public_id"] for item in self.items_of(order) if item["one_time"] or not one_time]
            return act(self.rng.choice(items)) if items else None

        return happening

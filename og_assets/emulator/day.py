"""An ordinary day of the merchant: who subscribes, skips, cancels, edits what; then the night's placement."""

from collections.abc import Callable
from datetime import timedelta

from og_assets.emulator.edits import Edits
from og_assets.emulator.state import UNSENT, locked


class Days(Edits):
    """Lets the world live by itself."""

    @locked
    def simulate_day(self) -> None:
        """Advance by 24 hours in which the usual things happen, each to about one customer in 200."""
        end = self._now + timedelta(days=1)
        customers = int(self.store.value("SELECT count(*) FROM customers"))
        rate = max(0.35, customers * 0.005)
        happenings = [
            happening for happening in self._usual_day() for _ in range(int(rate + self.rng.random()))
        ]
        self.rng.shuffle(happenings)
        step = timedelta(days=1) / (len(happenings) + 1)
        for happening in happenings:
            self.advance(timedelta(seconds=int(step.total_seconds())))
            happening()
        self.advance(end - self._now)

    def _usual_day(self) -> list[Callable[[], object]]:
        """What happens on a day; each picks its object at random and does nothing when there is none."""
        live = "SELECT public_id FROM subscriptions WHERE live"
        unsent = f"SELECT public_id FROM orders WHERE status = {UNSENT}"
        unsent_items = f'SELECT items.public_id FROM items JOIN orders o ON o.public_id = "order" WHERE status = {UNSENT}'
        price_free = f"{live} AND components = '[]'"
        return [
            self.subscribe,
            self._with("SELECT merchant_user_id FROM customers", self.subscribe),
            self._with(live, self.cancel_subscription),
            self._with("SELECT public_id FROM subscriptions WHERE NOT live", self.reactivate_subscription),
            self._with(unsent, self.skip_order),
            self._with(live, self.skip_subscription),
            self._with(live, lambda key: self.change_quantity(key, self.rng.randrange(1, 5))),
            self._with(live, self.change_frequency),
            self._with(price_free, lambda key: self.swap_product(key, self.rng.choice(self.catalogue.subscribable))),
            self._with(unsent, self.add_one_time_item),
            self._with(f"{unsent_items} AND one_time", self.remove_item),
            self._with(unsent_items, self.move_item),
            self._with(unsent_items, lambda key: self.change_item_price(key, self.rng.randrange(100, 3000))),
            self._with(unsent, self.change_order_date),
            self._with(unsent, self.send_now),
            self._with(unsent, self.create_one_time_incentive),
            self._with(
                "SELECT public_id FROM one_time_incentives WHERE applied_at IS NULL", self.delete_one_time_incentive
            ),
            self._with("SELECT merchant_user_id FROM customers", self.edit_customer),
            self._with("SELECT public_id FROM addresses", self.edit_address),
            self._with("SELECT public_id FROM payments", self.edit_payment),
            self._with(live, self.change_shipping_address),
            self._with(live, self.change_payment),
            self._with("SELECT external_product_id FROM products", self.edit_product),
            self._with("SELECT public_id FROM offer_profiles", self.edit_offer_profile),
        ]

    def _with(self, candidates: str, act: Callable[[str], object]) -> Callable[[], object]:
        """`act` on one random row of a query, when it has any."""

        def happening() -> object:
            count = self.store.value(f"SELECT count(*) FROM ({candidates})")
            if not count:
                return None
            return act(self.store.value(f"{candidates} LIMIT 1 OFFSET {self.rng.randrange(count)}"))

        return happening

"""Orders as boxes and the items in them: how they come, are priced, move and go (reference: order, item events)."""

import json

from og_assets.emulator.catalogue import Catalogue
from og_assets.emulator.pricing import line_total, order_totals
from og_assets.emulator.state import UNSENT, WorldError, WorldState, day_after, locked, parsed
from og_assets.emulator.store import Row


class Boxes(WorldState):
    """An order is one box per customer, address, payment and day; any change of its items moves its `updated`."""

    catalogue: Catalogue

    @locked
    def add_one_time_item(self, order: str, product: str | None = None, quantity: int = 1) -> str:
        """Put a product once into an unsent order (Instant Upsell); returns the item's id."""
        self._unsent(order)
        product = product or self.rng.choice(self.catalogue.subscribable)
        return self._new_item(order, product, quantity, price=self.catalogue.prices[product], one_time=1)

    @locked
    def remove_item(self, item: str) -> None:
        """Delete an item for good. An order that this leaves empty is deleted too."""
        order = self._unsent(self.row("items", item)["order"])
        self._delete_item(item)
        self._settle(order["public_id"])

    @locked
    def move_item(self, item: str, order: str | None = None) -> str:
        """Move an item to another unsent order, or to a new one a week later. Same item id; returns the order's id."""
        source = self._unsent(self.row("items", item)["order"])
        if order is None:
            order = self._box_for(source, self.day_of(source, 7))
        self._unsent(order)
        self.store.update("items", item, {"order": order})
        self.emit("item.change_order", "items", item)
        self._settle(source["public_id"])
        self._settle(order)
        return order

    @locked
    def change_item_quantity(self, item: str, quantity: int) -> None:
        """Change how many units of one item ship, this time only."""
        order = self._unsent(self.row("items", item)["order"])
        self.store.update("items", item, {"quantity": quantity})
        self._settle(order["public_id"])
        self.emit("item.change_quantity", "items", item)

    @locked
    def change_item_price(self, item: str, cents: int) -> None:
        """Pin the unit price of an item (the change-price endpoint), in cents."""
        order = self._unsent(self.row("items", item)["order"])
        self.store.update("items", item, {"price": cents, "frozen": 1})
        self._settle(order["public_id"])
        self.emit("item.update_price", "items", item)

    def day_of(self, order: Row, later: int = 0) -> str:
        """The ISO day that lies `later` days after the order's place date."""
        return day_after(order["place"], later)

    def items_of(self, order: str) -> list[Row]:
        """The items in an order, oldest first."""
        return self.store.rows('SELECT * FROM items WHERE "order" = ? ORDER BY id', order)

    def _unsent(self, order: str) -> Row:
        row = self.row("orders", order)
        if row["status"] != UNSENT:
            raise WorldError(f"order {order} has status {row['status']}; only unsent orders (1) can be changed")
        return row

    def _box_for(self, like: Row, day: str) -> str:
        """The unsent order of the same customer, address and payment on that day; made when there is none."""
        # The plus signs leave SQLite only the index on customer; by status it would read every unsent order.
        found: str | None = self.store.value(
            "SELECT public_id FROM orders WHERE customer = ? AND payment = ? AND shipping_address = ? AND place = ? "
            "AND +status = ? ORDER BY +id LIMIT 1",
            like["customer"],
            like["payment"],
            like["shipping_address"],
            day,
            UNSENT,
        )
        return found or self._new_order(like, day)

    def _new_order(self, like: Row, day: str) -> str:
        order = self.new_id()
        self.store.insert(
            "orders",
            {
                "public_id": order,
                "customer": like["customer"],
                "payment": like["payment"],
                "shipping_address": like["shipping_address"],
                "currency_code": "USD",
                "sub_total": 0,
                "tax_total": 0,
                "shipping_total": 0,
                "discount_total": 0,
                "total": 0,
                "created": self.epoch,
                "updated": self.epoch,
                "place": day,
                "cancelled": None,
                "tries": 0,
                "generic_error_count": 0,
                "status": UNSENT,
                "type": 1,
                "order_merchant_id": None,
                "rejected_message": None,
                "extra_data": None,
                "locked": 0,
                "oos_free_shipping": 0,
                "place_at": None,
            },
        )
        self.emit("order.create", "orders", order)
        return order

    def _new_item(
        self,
        order: str,
        product: str,
        quantity: int,
        *,
        price: int,
        subscription: str | None = None,
        offer: str | None = None,
        component: str | None = None,
        components: str = "[]",
        one_time: int = 0,
    ) -> str:
        item = self.new_id()
        self.store.insert(
            "items",
            {
                "public_id": item,
                "order": order,
                "offer": offer,
                "subscription": subscription,
                "product": product,
                "components": components,
                "subscription_component": component,
                "quantity": quantity,
                "price": price,
                "extra_cost": 0,
                "total_price": 0,
                "one_time": one_time,
                "frozen": 0,
            },
        )
        self._settle(order)
        self.emit("item.create", "items", item)
        return item

    def _fill(self, order: str, subscription: Row) -> None:
        """Put what one shipment of a subscription holds into an order: one item, or one per bundle component."""
        lines = parsed(subscription["components"]) or []
        new_style = [line for line in lines if line["public_id"] is not None]
        for line in new_style or [{"product": subscription["product"], "public_id": None}]:
            locked_price = None if new_style else subscription["price"]
            self._new_item(
                order,
                line["product"],
                subscription["quantity"],
                subscription=subscription["public_id"],
                offer=subscription["offer"],
                component=line["public_id"],
                components="[]" if new_style else json.dumps(lines),
                price=self.catalogue.prices[line["product"]] if locked_price is None else locked_price,
            )

    def _delete_item(self, item: str) -> None:
        self.emit("item.remove", "items", item)
        self.remove("items", item)

    def _delete_order(self, order: str) -> None:
        self.emit("order.delete", "orders", order)
        self.remove("orders", order)

    def _settle(self, order: str) -> None:
        """Price an order anew after its items changed and move its `updated`; an empty one is deleted."""
        items = self.items_of(order)
        if not items:
            self._delete_order(order)
            return
        for item in items:
            item["total_price"] = line_total(
                item["quantity"],
                item["price"],
                self.catalogue.percent_off.get(item["offer"], 0),
            )
            self.store.update("items", item["public_id"], {"total_price": item["total_price"]})
        row = self.row("orders", order)
        totals = order_totals(
            [(item["quantity"], item["price"], item["total_price"]) for item in items],
            self.row("addresses", row["shipping_address"])["state_province_code"],
            self._shipping_off(order),
        )
        self.change(
            "orders",
            order,
            sub_total=totals.sub_total,
            tax_total=totals.tax_total,
            shipping_total=totals.shipping_total,
            discount_total=totals.discount_total,
            total=totals.total,
        )

    def _shipping_off(self, order: str) -> int:
        """What one-time incentives take off the order's shipping fee, in cents."""
        rows = self.store.rows('SELECT incentive FROM one_time_incentives WHERE "order" = ?', order)
        return sum(int(parsed(row["incentive"])["value"].replace(".", "")) for row in rows)

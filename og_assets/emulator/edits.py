"""Edits of what orders refer to: customers, addresses, payments, products, offer profiles, one-time incentives."""

import json

from og_assets.emulator import people
from og_assets.emulator.schema import TABLES, Kind
from og_assets.emulator.state import UNSENT, WorldError, locked
from og_assets.emulator.subscriptions import Subscriptions


class Edits(Subscriptions):
    """Each edit takes REST field names with stored values (text, whole numbers, cents, booleans, objects)."""

    @locked
    def edit_customer(self, customer: str, **fields: object) -> None:
        """Change a customer; without fields, the phone number."""
        self._edit("customers", customer, fields or {"phone_number": f"+1516{self.rng.randrange(10**7):07d}"})

    @locked
    def edit_address(self, address: str, **fields: object) -> None:
        """Change an address in place; without fields, the second line. Orders are not touched."""
        self._edit("addresses", address, fields or {"address2": f"Apt {self.rng.randrange(1, 99)}"})

    @locked
    def edit_payment(self, payment: str, **fields: object) -> None:
        """Change a payment in place; without fields, the card's expiry."""
        expiry = f"{self.rng.randrange(1, 13):02d}/{self.today.year + 4}"
        self._edit("payments", payment, fields or {"cc_exp_date": expiry})

    @locked
    def edit_product(self, product: str, **fields: object) -> None:
        """Change a product; without fields, its price, which items made from now on carry."""
        fields = fields or {"price": max(99, self.row("products", product)["price"] + self.rng.randrange(-200, 300))}
        self._edit("products", product, fields)
        if isinstance(cents := fields.get("price"), int):
            self.catalogue.prices[product] = cents

    @locked
    def edit_offer_profile(self, profile: str, **fields: object) -> None:
        """Change an offer profile (no change stamp moves: it has none); without fields, its weight."""
        self._edit("offer_profiles", profile, fields or {"weight": self.rng.randrange(100)})

    @locked
    def change_shipping_address(self, subscription: str) -> str:
        """Ship a subscription to a new address from now on; its unsent items move to that box. Returns the address."""
        row = self._live(subscription)
        address = people.address(self.rng, self.new_id(), self.row("customers", row["customer"]), self.epoch)
        self.store.insert("addresses", address)
        self._redirect(subscription, "shipping_address", address["public_id"])
        return str(address["public_id"])

    @locked
    def change_payment(self, subscription: str) -> str:
        """Pay a subscription by a new payment from now on; its unsent items move to that box. Returns the payment."""
        row = self._live(subscription)
        payment = people.payment(self.rng, self.new_id(), self.row("addresses", row["shipping_address"]), self.epoch)
        self.store.insert("payments", payment)
        self._redirect(subscription, "payment", payment["public_id"])
        return str(payment["public_id"])

    @locked
    def create_one_time_incentive(self, order: str) -> str:
        """Take two dollars off the shipping fee of an unsent order; returns the incentive's id."""
        row = self._unsent(order)
        key, code = self.new_id(), f"code-{self.rng.randrange(1000)}"
        self.store.insert(
            "one_time_incentives",
            {
                "public_id": key,
                "external_code": code,
                "description": "Goodwill",
                "customer": row["customer"],
                "order": order,
                "item": None,
                "created": self.epoch,
                "last_updated": self.epoch,
                "applied_at": None,
                "incentive": json.dumps(
                    {
                        "type": "Discount",
                        "public_id": self.new_id(),
                        "discount_type": "Flat Amount",
                        "target": "shipping_total",
                        "field": "total_price",
                        "name": code,
                        "value": "2.00",
                    }
                ),
            },
        )
        self._settle(order)
        return key

    @locked
    def delete_one_time_incentive(self, incentive: str) -> None:
        """Delete a one-time incentive that was not applied yet. No event tells of it."""
        row = self.row("one_time_incentives", incentive)
        if row["applied_at"] is not None:
            raise WorldError(f"one-time incentive {incentive} was already applied")
        self.remove("one_time_incentives", incentive)
        order = self.store.find("orders", row["order"]) if row["order"] else None
        if order is not None and order["status"] == UNSENT:
            self._settle(order["public_id"])

    def _edit(self, object_name: str, key: str, fields: dict[str, object]) -> None:
        kinds = {field.name: field.kind for field in TABLES[object_name].fields if field.stored}
        if unknown := sorted(fields.keys() - kinds.keys()):
            raise WorldError(f"{object_name} have no field {', '.join(unknown)}")
        stored = {
            name: json.dumps(value) if kinds[name] is Kind.JSON and value is not None else value
            for name, value in fields.items()
        }
        self.change(object_name, key, **stored)

    def _redirect(self, subscription: str, field: str, value: str) -> None:
        """Change address or payment of a subscription; its unsent items move to the box that fits."""
        self.change("subscriptions", subscription, **{field: value})
        row = self.row("subscriptions", subscription)
        for item in self._unsent_items(subscription):
            if self.row("orders", item["order"])["status"] == UNSENT:
                self.move_item(item["public_id"], self._box_for(row, item["place"]))
        self.emit(f"subscription.change_{field}", "subscriptions", subscription)

"""Edits of what orders refer to: customers, addresses, payments, products, offer profiles.

Each edit takes REST field names with stored values (text, whole numbers, cents, booleans, objects).
"""

import json

from og_assets.emulator.shop.schema import TABLES, Kind
from og_assets.emulator.shop.state import Shop, WorldError, locked


@locked
def edit_customer(shop: Shop, customer: str, **fields: object) -> None:
    """Change a customer; without fields, the phone number."""
    _edit(shop, "customers", customer, fields or {"phone_number": f"+1516{shop.rng.randrange(10**7):07d}"})


@locked
def edit_address(shop: Shop, address: str, **fields: object) -> None:
    """Change an address in place; without fields, the second line. Orders are not touched."""
    _edit(shop, "addresses", address, fields or {"address2": f"Apt {shop.rng.randrange(1, 99)}"})


@locked
def edit_payment(shop: Shop, payment: str, **fields: object) -> None:
    """Change a payment in place; without fields, the card's expiry."""
    expiry = f"{shop.rng.randrange(1, 13):02d}/{shop.today.year + 4}"
    _edit(shop, "payments", payment, fields or {"cc_exp_date": expiry})


@locked
def edit_product(shop: Shop, product: str, **fields: object) -> None:
    """Change a product; without fields, its price, which items made from now on carry."""
    fields = fields or {"price": max(99, shop.row("products", product)["price"] + shop.rng.randrange(-200, 300))}
    _edit(shop, "products", product, fields)
    if isinstance(cents := fields.get("price"), int):
        shop.catalogue.prices[product] = cents


@locked
def edit_offer_profile(shop: Shop, profile: str, **fields: object) -> None:
    """Change an offer profile (no change stamp moves: it has none); without fields, its weight."""
    _edit(shop, "offer_profiles", profile, fields or {"weight": shop.rng.randrange(100)})


def _edit(shop: Shop, object_name: str, key: str, fields: dict[str, object]) -> None:
    kinds = {field.name: field.kind for field in TABLES[object_name].fields if field.stored}
    if unknown := sorted(fields.keys() - kinds.keys()):
        raise WorldError(f"{object_name} have no field {', '.join(unknown)}")
    stored = {
        name: json.dumps(value) if kinds[name] is Kind.JSON and value is not None else value
        for name, value in fields.items()
    }
    shop.change(object_name, key, **stored)

"""What the merchant sells and on which terms: products, offer profiles, groups, resources, cancel reasons."""

import json
import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from og_assets.emulator.shop.store import Row, Store

NAMES = (
    "Medium Roast Coffee Bag",
    "Dark Roast Coffee Bag",
    "Decaf Coffee Bag",
    "Espresso Beans",
    "Green Tea Tin",
    "Earl Grey Tin",
    "Oat Drink Six-Pack",
    "Cold Brew Case",
    "Paper Filters",
    "Descaler",
    "Cocoa Powder",
    "Cane Sugar",
    "Honey Jar",
    "Almond Biscuits",
    "Oat Biscuits",
    "Milk Powder",
)
CANCEL_REASONS = {
    1: "Too expensive",
    2: "Moving",
    3: "No longer needed",
    4: "Overstocked",
    5: "Prefer another product",
    6: "Other",
}
CURRENCY = "USD"

Frequency = tuple[int, int | None, int | None]
"""(frequency_days, every, every_period); every_period: 1 days, 2 weeks, 3 months, 4 years."""

FREQUENCIES: tuple[Frequency, ...] = (
    (28, 4, 2),
    (30, 1, 3),
    (45, 45, 1),
    (60, 2, 3),
    (60, 2, 3),
    (60, 2, 3),
    (90, 3, 3),
    (90, 3, 3),
)
"""The rhythms that people choose from, the usual ones more than once."""


@dataclass
class Catalogue:
    """The terms that orders are made from: what can be subscribed to, its price, the per cent off of each offer."""

    prices: dict[str, int] = field(default_factory=dict)
    subscribable: list[str] = field(default_factory=list)
    bundles: dict[str, list[str]] = field(default_factory=dict)
    percent_off: dict[str, int] = field(default_factory=dict)


def stock(store: Store, rng: random.Random, created: int) -> Catalogue:
    """Fill the shop as of `created` (epoch seconds) and return its terms."""
    catalogue = Catalogue()
    profile = _offer_profiles(store, rng, catalogue)
    _products(store, rng, catalogue, created, profile)
    for group_type, name in (("eligibility", "subscription"), ("sku_swap", "coffee"), ("incentive", "summer_sale")):
        store.insert("product_groups", {"group_type": group_type, "name": name})
    for number, name in enumerate(("Members' area", "Brewing course")):
        store.insert(
            "resources",
            {
                "public_id": _id(rng),
                "name": name,
                "external_resource_id": f"resource-{number + 1}",
                "description": f"Access to: {name}",
                "image_url": None,
                "created": created,
                "last_updated": created,
            },
        )
    for code in CANCEL_REASONS:
        store.insert("cancel_reasons", {"cancel_reason": code, "application": "msi"})
    coffees = catalogue.subscribable[:3]
    for left, right in pairwise(coffees):
        store.insert(
            "relationships",
            {
                "relationship_type": "swap_on_purchase",
                "from_product": left,
                "to_product": right,
            },
        )
    return catalogue


def _products(store: Store, rng: random.Random, catalogue: Catalogue, created: int, profile: str) -> None:
    for number, name in enumerate(NAMES):
        key = f"{70000690 + number * 3:010d}"
        catalogue.prices[key] = rng.randrange(399, 4999)
        catalogue.subscribable.append(key)
        swap = [{"name": "coffee", "group_type": "sku_swap"}] if number < 3 else []
        store.insert(
            "products",
            _product(
                key,
                name,
                catalogue.prices[key],
                created + number,
                offer_profile=profile if number % 4 == 0 else None,
                groups=[{"name": "subscription", "group_type": "eligibility"}, *swap],
                extra_data={"roast": "medium"} if number == 0 else None,
            ),
        )
    special: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("0070009001", "Breakfast Box", {"product_type": "static price bundle"}),
        ("0070009002", "Tea Box", {"product_type": "dynamic price bundle"}),
        ("0070009003", "Roast of the Month", {"product_type": "rotating"}),
        ("0070009004", "Coffee Club", {"product_type": "plan", "prepaid_eligible": 0}),
        ("0070009005", "Gift Card", {"autoship_enabled": 0, "groups": []}),
        ("0070009006", "Grinder", {"autoship_enabled": 0, "sku": None, "image_url": None}),
        ("0070009007", "Winter Blend", {"discontinued": 1, "live": 0}),
        ("0070009008", "Old Mug", {"discontinued": 1, "live": 0, "autoship_enabled": 0}),
    )
    for number, (key, name, changes) in enumerate(special):
        catalogue.prices[key] = rng.randrange(999, 9999)
        store.insert("products", _product(key, name, catalogue.prices[key], created + 100 + number, **changes))
    catalogue.bundles = {special[0][0]: catalogue.subscribable[:2], special[1][0]: catalogue.subscribable[4:6]}


def _product(key: str, name: str, price: int, created: int, **changes: Any) -> Row:
    slug = name.lower().replace(" ", "-")
    row = {
        "external_product_id": key,
        "name": name,
        "sku": f"SKU-{key[-5:]}",
        "price": price,
        "image_url": f"https://shop.example/{slug}.jpg",
        "detail_url": f"https://shop.example/{slug}",
        "groups": [],
        "autoship_enabled": 1,
        "prepaid_eligible": 1,
        "created": created,
        "last_update": created,
        "live": 1,
        "discontinued": 0,
        "extra_data": None,
        "product_type": "standard",
        "autoship_by_default": 1,
        "every": None,
        "every_period": None,
        "offer_profile": None,
        "incentive_group": None,
        **changes,
    }
    for column in ("groups", "extra_data"):
        row[column] = None if row[column] is None else json.dumps(row[column])
    return row


def _offer_profiles(store: Store, rng: random.Random, catalogue: Catalogue) -> str:
    terms = (
        ("Subscribe and save", 10, "available"),
        ("Welcome", 20, "available"),
        ("No discount", 0, "available"),
        ("Black Friday 2022", 30, "archived"),
    )
    first = ""
    for name, percent, status in terms:
        key, offer = _id(rng), _id(rng)
        first = first or key
        catalogue.percent_off[offer] = percent
        coupon = {
            "public_id": _id(rng),
            "name": f"{name} {percent}%",
            "code": None,
            "discounts": [
                {
                    "public_id": _id(rng),
                    "name": f"{percent}% off",
                    "object": 1,
                    "field": 2,
                    "type": "2",
                    "value": f"{percent}.00",
                    "threshold_field": 1,
                    "threshold_value": "0.00",
                }
            ],
        }
        store.insert(
            "offer_profiles",
            {
                "public_id": key,
                "name": name,
                "live": int(status == "available"),
                "status": status,
                "weight": percent,
                "offers": json.dumps([offer]),
                "initial_coupon": None,
                "recurring_coupon": json.dumps(coupon) if percent else None,
            },
        )
    return first


def _id(rng: random.Random) -> str:
    return f"{rng.getrandbits(128):032x}"

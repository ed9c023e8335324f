"""Made-up customers with their addresses, payments and subscriptions, as stored rows."""

import json
import random
from collections.abc import Callable, Sequence

from og_assets.emulator.shop.catalogue import CURRENCY, Catalogue, Frequency
from og_assets.emulator.shop.store import Row

FIRST = ("Ada", "Nathan", "Zoë", "Miguel", "Grace", "Linus", "Chiara", "Björn", "Aiko", "Sam", "Nora", "Omar")
LAST = ("Torres", "Cider", "O'Neill", "García", "Lindqvist", "Okafor", "Tanaka", "Weiß", "Smith", "Novák", "Li")
STREETS = ("Broad St", "Elm Ave", '2nd St "Rear"', "Mission Blvd", "Lake Dr", "Königstraße")
PLACES = (
    ("New York", "NY", "10004-2487", "US"),
    ("Chicago", "IL", "60601", "US"),
    ("Austin", "TX", "73301", "US"),
    ("Portland", "OR", "97201", "US"),
    ("Boston", "MA", "02108", "US"),
    ("Montréal", None, "H2Y 1C6", "CA"),
)
ORIGINS = ("replenishment", "replenishment", "IU replenishment", "CSA replenishment")
METHODS = ("credit card", "credit card", "credit card", "credit card", "paypal", "2")
"""`2` is the number that the object-reference guide shows in place of a name."""

FIRST_CUSTOMER = 40001
"""The number of a shop's first customer; the others count on from it."""


def customer(rng: random.Random, number: int, created: int, merchant: str) -> Row:
    """A customer of the shop with the id `number`, created at that instant (epoch seconds)."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "merchant_user_id": f"{number:08d}",
        "session_id": f"{merchant}.{rng.randrange(10**6)}.{created}",
        "user_token_id": "",
        "first_name": first,
        "last_name": last,
        "email": f"shopper{number}@example.com",
        "phone_number": f"+1516555{number % 10000:04d}",
        "phone_type": rng.randrange(4),
        "live": 1,
        "created": created,
        "last_updated": created,
        "last_login": created if rng.random() < 0.3 else None,
        "extra_data": json.dumps({"tier": rng.choice(("gold", "basic"))}) if rng.random() < 0.3 else None,
        "locale": 1,
        "price_code": "prom_customer" if rng.random() < 0.1 else None,
    }


def address(rng: random.Random, key: str, customer: Row, created: int) -> Row:
    """An address of a customer."""
    city, state, zip_code, country = rng.choice(PLACES)
    return {
        "public_id": key,
        "customer": customer["merchant_user_id"],
        "label": None,
        "first_name": customer["first_name"],
        "last_name": customer["last_name"],
        "company_name": "Acme, Inc." if rng.random() < 0.1 else None,
        "address": f"{rng.randrange(1, 999)} {rng.choice(STREETS)}",
        "address2": None,
        "city": city,
        "state_province_code": state,
        "zip_postal_code": zip_code,
        "phone": customer["phone_number"],
        "fax": None,
        "country_code": country,
        "live": 1,
        "created": created,
        "updated": created,
        "token_id": None,
        "store_public_id": None,
    }


def payment(rng: random.Random, key: str, address: Row, created: int) -> Row:
    """A payment of the customer whose address that is."""
    method = rng.choice(METHODS)
    card = method == "credit card"
    return {
        "public_id": key,
        "customer": address["customer"],
        "billing_address": address["public_id"],
        "cc_number_ending": f"{rng.randrange(10**4):04d}" if card else None,
        "label": None,
        "cc_holder": f"{address['first_name']} {address['last_name']}" if card else None,
        "token_id": f"tok_{rng.getrandbits(64):016x}",
        "cc_type": rng.randrange(1, 5) if card else None,
        "cc_exp_date": f"{rng.randrange(1, 13):02d}/{rng.randrange(2026, 2031)}" if card else None,
        "payment_method": method,
        "live": 1,
        "created": created,
        "last_updated": created,
    }


def subscription(
    rng: random.Random,
    key: str,
    customer: Row,
    product: str,
    frequency: Frequency,
    created: int,
    day: str,
) -> Row:
    """A plain subscription, still without offer, payment and address; `day` is its ISO start date."""
    days, every, period = frequency
    return {
        "public_id": key,
        "customer": customer["merchant_user_id"],
        "product": product,
        "payment": None,
        "shipping_address": None,
        "offer": None,
        "subscription_type": "replenishment",
        "raw_subscription_type": rng.choice(ORIGINS),
        "components": "[]",
        "extra_data": json.dumps({"gift": "no"}) if rng.random() < 0.1 else None,
        "quantity": rng.choice((1, 1, 1, 2, 3)),
        "price": None,
        "frequency_days": days,
        "reminder_days": rng.choice((5, 10)),
        "every": every,
        "every_period": period,
        "start_date": day,
        "cancelled": None,
        "cancel_reason": None,
        "cancel_reason_code": None,
        "currency_code": CURRENCY,
        "session_id": customer["session_id"],
        "merchant_order_id": str(rng.randrange(10**5, 10**6)),
        "created": created,
        "updated": created,
        "live": 1,
        "external_id": f"gid://shopify/SubscriptionContract/{rng.randrange(10**10)}" if rng.random() < 0.2 else None,
        "prepaid_subscription_context": None,
        "free_trial_subscription_context": None,
        "grantees": None,
    }


Variation = Callable[[random.Random, Row, Catalogue], None]
"""Makes a plain subscription special, in place."""


def vary(rng: random.Random, row: Row, catalogue: Catalogue, variations: Sequence[tuple[float, Variation]]) -> None:
    """Make some subscriptions special, in place: dice between 0 and 1 choose the first number that they stay below."""
    chance = rng.random()
    for below, variation in variations:
        if chance < below:
            variation(rng, row, catalogue)
            return


def legacy_bundle(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """A bundle whose components have no ids: they ship as one item."""
    _bundle(rng, row, catalogue, lambda product: {"public_id": None, "quantity": None, "product": product})


def bundle(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """A bundle whose components ship as an item each."""
    _bundle(
        rng,
        row,
        catalogue,
        lambda product: {"public_id": f"{rng.getrandbits(128):032x}", "quantity": 1, "product": product},
    )


def _bundle(rng: random.Random, row: Row, catalogue: Catalogue, line: Callable[[str], Row]) -> None:
    row["product"] = rng.choice(list(catalogue.bundles))
    row["components"] = json.dumps([line(product) for product in catalogue.bundles[row["product"]]])


def prepaid(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """Three orders are billed at once."""
    row["prepaid_subscription_context"] = json.dumps(
        {
            "prepaid_orders_remaining": rng.randrange(3),
            "prepaid_orders_per_billing": 3,
            "renewal_behavior": rng.choice(("autorenew", "cancel", "downgrade")),
            "last_renewal_revenue": 100.8,
            "prepaid_origin_merchant_order_id": f"#{rng.randrange(1000, 9999)}",
        }
    )


def after_trial(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """It began as a free trial, which is over."""
    row["free_trial_subscription_context"] = json.dumps(
        {
            "product": row["product"],
            "days": 14,
            "conversion_item": rng.randrange(10**6),
            "expiration": "2025-09-23T13:12:22.704013",
            "is_in_free_trial": False,
        }
    )


def with_grantee(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """Somebody else may use it too."""
    row["grantees"] = json.dumps([{"external_id": "abc", "name": "Grantee 1"}])


def price_locked(rng: random.Random, row: Row, catalogue: Catalogue) -> None:
    """Its unit price stays, whatever the product costs."""
    row["price"] = rng.choice((0, 1299))


VARIATIONS: tuple[tuple[float, Variation], ...] = (
    (0.03, legacy_bundle),
    (0.12, bundle),
    (0.20, prepaid),
    (0.24, after_trial),
    (0.28, with_grantee),
    (0.32, price_locked),
)
"""What makes a subscription special, each with the number that its dice (0 to 1) stay below; the others are plain."""

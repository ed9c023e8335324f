"""Made-up customers with their addresses and payments, as stored rows."""

import json
import random

from og_assets.emulator.store import Row

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
    frequency: tuple[int, int, int],
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
        "currency_code": "USD",
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


def vary(rng: random.Random, row: Row, bundles: dict[str, list[str]]) -> None:
    """Make some subscriptions bundles, prepaid, on trial, price-locked or with grantees."""
    kind = rng.random()
    if kind < 0.12:
        row["product"] = rng.choice(list(bundles))
        legacy = kind < 0.03
        row["components"] = json.dumps(
            [
                {
                    "public_id": None if legacy else f"{rng.getrandbits(128):032x}",
                    "quantity": None if legacy else 1,
                    "product": product,
                }
                for product in bundles[row["product"]]
            ]
        )
    elif kind < 0.2:
        row["prepaid_subscription_context"] = json.dumps(
            {
                "prepaid_orders_remaining": rng.randrange(3),
                "prepaid_orders_per_billing": 3,
                "renewal_behavior": rng.choice(("autorenew", "cancel", "downgrade")),
                "last_renewal_revenue": 100.8,
                "prepaid_origin_merchant_order_id": f"#{rng.randrange(1000, 9999)}",
            }
        )
    elif kind < 0.24:
        row["free_trial_subscription_context"] = json.dumps(
            {
                "product": row["product"],
                "days": 14,
                "conversion_item": rng.randrange(10**6),
                "expiration": "2025-09-23T13:12:22.704013",
                "is_in_free_trial": False,
            }
        )
    elif kind < 0.28:
        row["grantees"] = json.dumps([{"external_id": "abc", "name": "Grantee 1"}])
    elif kind < 0.32:
        row["price"] = rng.choice((0, 1299))

"""Sign-ups of the past: customers with their addresses, payments and subscriptions, and what became of those."""

import json
from datetime import date, timedelta

from og_assets.emulator.shop import people
from og_assets.emulator.shop.catalogue import CANCEL_REASONS
from og_assets.emulator.shop.clock import daytime
from og_assets.emulator.shop.past import Box, Line, Past
from og_assets.emulator.shop.store import Row


def sign_up(past: Past, number: int, at: int, day: date) -> list[Box]:
    """Write the customer of that number, who subscribes at `at` (epoch seconds); returns what is to ship."""
    rng = past.rng
    customer = people.customer(rng, number, at, past.shop.merchant)
    boxes = [_box(past, customer, at, day) for _ in range(1 if rng.random() < 0.8 else 2)]
    ends = [box.ends for box in boxes]
    if all(end is not None for end in ends):
        customer["live"] = 0
        customer["last_updated"] = max(end or 0 for end in ends)
    elif rng.random() < 0.3:
        customer["last_updated"] = past.later(at)
    past.add("customers", customer)
    return boxes


def _box(past: Past, customer: Row, at: int, day: date) -> Box:
    rng, new_id = past.rng, past.shop.new_id
    address = people.address(rng, new_id(), customer, at)
    payment = people.payment(rng, new_id(), address, at)
    if rng.random() < 0.1:
        former = people.address(rng, new_id(), customer, at)
        former["live"], former["updated"] = 0, past.later(at)
        past.add("addresses", former)
        past.add("payments", people.payment(rng, new_id(), former, at) | {"live": 0})
    ends = None
    if rng.random() < 0.3:
        ends = daytime(rng, day + timedelta(days=rng.randrange(10, 400)))
        ends = ends if ends <= past.now else None
    past.add("addresses", address)
    past.add("payments", payment)
    frequency = rng.choice(past.shop.habits.frequencies)
    paid = {"payment": payment["public_id"], "shipping_address": address["public_id"]}
    currency = past.shop.habits.currency({"customer": customer["merchant_user_id"], **paid})
    lines = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        row = people.subscription(
            rng,
            new_id(),
            customer,
            rng.choice(past.shop.catalogue.subscribable),
            frequency,
            at,
            day.isoformat(),
        )
        lines.append(_line(past, row | paid | {"currency_code": currency}, ends))
    return Box(
        customer["merchant_user_id"],
        payment["public_id"],
        address["public_id"],
        currency,
        address["state_province_code"],
        frequency[0],
        lines,
        ends,
    )


def _line(past: Past, row: Row, ends: int | None) -> Line:
    """Write a subscription, special or not, ended or changed since; returns what it puts into each box."""
    rng, catalogue = past.rng, past.shop.catalogue
    people.vary(rng, row, catalogue, past.shop.habits.variations)
    row["offer"] = rng.choice(list(catalogue.percent_off))
    if ends is not None:
        code = rng.choice(list(CANCEL_REASONS))
        row |= {
            "live": 0,
            "cancelled": ends,
            "updated": ends,
            "cancel_reason": f"{code}|{CANCEL_REASONS[code]}" if rng.random() < 0.9 else "not any more",
            "cancel_reason_code": rng.choice((f"{code}", f"{code}", f"{code}|")),
        }
    elif rng.random() < 0.4:
        row["updated"] = past.later(row["created"])
    past.add("subscriptions", row)
    parts = [part for part in json.loads(row["components"]) if part["public_id"] is not None]
    items = [(part["product"], part["public_id"], catalogue.prices[part["product"]]) for part in parts]
    price = catalogue.prices[row["product"]] if row["price"] is None else row["price"]
    return Line(
        row["public_id"],
        row["offer"],
        catalogue.percent_off[row["offer"]],
        row["quantity"],
        items or [(row["product"], None, price)],
        "[]" if parts else row["components"],
    )

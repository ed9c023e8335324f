"""Makes records of every object, of documented shape; personal texts and secrets in them carry a mark to look for."""

import json
from collections.abc import Callable
from random import Random

from og_assets_tests.fuzz.claims import DIGITS_MARK, PERSONAL_MARK, SECRET_MARK, Body
from og_assets_tests.fuzz.contract import DESCRIBED, OBJECTS, Field, Kind
from og_assets_tests.fuzz.odd import make_odd

NAMES = tuple(OBJECTS)
_MOST = ("subscriptions", "orders", "items", "customers", "addresses", "payments")


def choose_object(random: Random) -> str:
    """One of the objects; those with much in them more often."""
    return random.choice(NAMES if random.random() < 0.3 else _MOST)


def make_body(random: Random, number: int, name: str) -> Body:
    """One record of an object with 0 to 4 members made odd."""
    serial = f"fz{number:08x}"
    fields = list(DESCRIBED[name].fields.values())
    if random.random() < 0.2:
        random.shuffle(fields)
    members = [
        (json.dumps(field.name), plain(random, name, field, serial))
        for field in fields
        if field.name in DESCRIBED[name].key or random.random() > 0.05
    ]
    body = Body(name, serial, members)
    for _ in range(random.choice((0, 1, 1, 2, 3, 4))):
        make_odd(random, body)
    render(random, body)
    return body


def render(random: Random, body: Body) -> None:
    """Write the text of a record, with the spaces of one of several writers."""
    colon, comma = random.choice(((": ", ", "), (":", ","), (" :\t", " ,\r\n "), (":\n", ",\n")))
    body.text = "{" + comma.join(name + colon + value for name, value in body.members) + "}"


def plain(random: Random, object: str, field: Field, serial: str) -> str:
    """A documented value of a field, as JSON."""
    if field.name in DESCRIBED[object].key:
        return json.dumps(f"{serial}{random.choice(('', '-00026001', ' a', 'é', ':/x'))}")
    if random.random() < 0.08:
        return random.choice(("null", '""')) if field.kind is Kind.TEXT else "null"
    special = _SPECIAL.get(field.name)
    if field.name == "extra_data":
        return _extra_data(random, serial, field)
    if special:
        return special(random, serial)
    return _typed(random, field, serial)


def _typed(random: Random, field: Field, serial: str) -> str:
    if field.secret:
        return json.dumps(secret(random, serial))
    if field.personal:
        return json.dumps(personal(random, serial), ensure_ascii=random.random() < 0.5)
    if field.kind is Kind.TEXT:
        return json.dumps(f"{field.name[:6]} {serial} {random.choice(('', '007', 'Ä', 'x' * 30))}".strip())
    return _BY_KIND[field.kind](random)


def money(random: Random) -> str:
    """An amount as text, of any size that a column holds."""
    whole = random.choice((0, 5, 95, 2714, 10**14 - 1))
    return f"{random.choice(('', '', '-'))}{whole}.{random.choice(('00', '10', '9999'))}"


def stamp(random: Random) -> str:
    """A time on the clock of the source, often in an hour that a change of clocks touches."""
    day = random.choice(
        ("2025-03-09", "2025-11-02", "2024-11-03", f"20{random.randint(10, 30)}-{random.randint(1, 12):02}-15")
    )
    return f"{day} {random.choice((0, 1, 1, 2, 2, 3, 12, 23)):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"


def personal(random: Random, serial: str) -> str:
    """A text that tells of a person."""
    mark = f"{PERSONAL_MARK}{serial[2:]}"
    return random.choice(
        (f"Ann {mark}", f"{mark}@example.com", f"O'{mark} \\ Söhne", mark, f"+1 {DIGITS_MARK}{random.randint(0, 99)}")
    )


def secret(random: Random, serial: str) -> str:
    """A token."""
    return random.choice((f"{SECRET_MARK}{serial[2:]}", f"tok_{SECRET_MARK}/{serial}=="))


def _extra_data(random: Random, serial: str, field: Field) -> str:
    value: dict[str, object] = {"tier": random.choice(("gold", 1.5, None)), "note": f"x {serial}"}
    if field.personal and random.random() < 0.4:
        value["gift"] = {"to": personal(random, serial), "n": [1, True, None]}
    if random.random() < 0.3:
        value[random.choice(("token_id", "points_token", "card_number"))] = secret(random, serial)
    text = json.dumps(value)
    return random.choice((text, json.dumps(text), "{}", "null"))


def _components(random: Random, serial: str) -> str:
    lines = [{"public_id": f"c{serial}", "quantity": random.choice((1, 2, None)), "product": "0070067690"}]
    return random.choice(
        ("[]", json.dumps(lines), json.dumps([{"product": "p1"}]), '"product_id_1,product_id_2"', json.dumps(lines * 3))
    )


def _prepaid(random: Random, serial: str) -> str:
    context = (
        f'{{"prepaid_orders_remaining": {random.randint(0, 5)}, "prepaid_orders_per_billing": 3, "renewal_behavior": '
        f'"autorenew", "last_renewal_revenue": {random.choice(("100.8", "0.1", "99999999999999.99", "7"))}, '
        f'"prepaid_origin_merchant_order_id": "#{serial}"}}'
    )
    return random.choice((context, context, "{}", "null"))


def _incentive(random: Random, serial: str) -> str:
    return json.dumps(
        {
            "type": "Discount",
            "public_id": f"i{serial}",
            "discount_type": random.choice(("Discount Percent", "Flat Amount")),
            "target": "item",
            "field": "total_price",
            "name": "ten",
            "value": money(random),
        }
    )


def _coupon(random: Random, serial: str) -> str:
    discounts = [{"public_id": serial, "object": 1, "type": "2", "value": "10.00", "threshold_value": "0.10"}]
    return random.choice((json.dumps({"public_id": serial, "name": "n", "code": "c", "discounts": discounts}), "null"))


def _grantees(random: Random, serial: str) -> str:
    return json.dumps([{"external_id": "abc", "name": personal(random, serial)}] * random.randint(0, 2))


def _rejected(random: Random, serial: str) -> str:
    told = json.dumps({"message": f"Declined for {personal(random, serial)}", "code": "020"})
    return json.dumps(random.choice((told, f"Declined: {personal(random, serial)}")))


_SPECIAL = {
    "components": _components,
    "prepaid_subscription_context": _prepaid,
    "free_trial_subscription_context": lambda random, serial: random.choice(
        ('{"product":"p","days":14,"conversion_item":7,"expiration":"2025-09-23T13:12:22.704013"}', "null")
    ),
    "incentive": _incentive,
    "recurring_coupon": _coupon,
    "initial_coupon": _coupon,
    "grantees": _grantees,
    "rejected_message": _rejected,
    "groups": lambda random, serial: json.dumps([{"name": "subscription", "group_type": "eligibility"}]),
    "offers": lambda random, serial: json.dumps([f"o{serial}", "a748aa64"]),
    "cancel_reason": lambda random, serial: json.dumps(f"4|{personal(random, serial)}"),
    "cancel_reason_code": lambda random, serial: random.choice(('"4"', '"4|"', "4", "null")),
    "cc_number_ending": lambda random, serial: json.dumps(f"{random.randint(0, 9999):04}"),
    "cc_exp_date": lambda random, serial: json.dumps(f"{random.randint(1, 12):02}/20{random.randint(20, 99)}"),
    "locale": lambda random, serial: random.choice(("1", '"en-us"', "46")),
    "payment_method": lambda random, serial: random.choice(('"credit card"', "1", '"paypal"')),
    "type": lambda random, serial: random.choice(("1", '"1"')),
    "country_code": lambda random, serial: '"US"',
    "currency_code": lambda random, serial: '"USD"',
}

_BY_KIND: dict[Kind, Callable[[Random], str]] = {
    Kind.INT: lambda random: str(random.choice((0, 1, 7, 42, 365, 100000))),
    Kind.SMALL: lambda random: str(random.randint(0, 20)),
    Kind.BOOL: lambda random: random.choice(("true", "false", '"True"', '"False"', "1", "0")),
    Kind.MONEY: lambda random: json.dumps(money(random)),
    Kind.STAMP: lambda random: json.dumps(stamp(random)),
    Kind.DAY: lambda random: json.dumps(random.choice((stamp(random)[:10], stamp(random)))),
    Kind.JSON: lambda random: "[]",
    Kind.COMPONENTS: lambda random: "[]",
}

"""What becomes of a record's personal values and secrets, before anybody could write them anywhere."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from og_assets.columns import Kind
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import Masking, PersonalData, is_secret, may_hold_secrets
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused

SALT = b"0123456789abcdef0123456789abcdef"
KEEP, KEEP_SALTED = Masking(), Masking(salt=SALT)
HASH, DROP = Masking(PersonalData.HASH, SALT), Masking(PersonalData.DROP, SALT)
CARD = "tok-zzq-4111222233334444"
PERSON = "Jane Zzqueux"


def hashed(text: str) -> str:
    """The hash as anybody with the salt makes it."""
    return "hmac:" + hmac.new(SALT, text.encode(), hashlib.sha256).hexdigest()


def read(name: str, body: Any, masking: Masking) -> Accepted | Refused:
    """The outcome for one body; text and bytes are taken as they are."""
    object = next(row for row in OBJECTS if row.name == name)
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return RecordReader(object, SourceClock("America/New_York"), masking).read(raw)


def accepted(name: str, masking: Masking, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The typed values and the `_raw` of a record with these fields."""
    keys = {"customers": "merchant_user_id", "products": "external_product_id", "cancel_reasons": "cancel_reason"}
    outcome = read(name, {keys.get(name, "public_id"): "k1"} | fields, masking)
    assert isinstance(outcome, Accepted), outcome
    return json.loads(outcome.values), json.loads(outcome.raw)


def all_of(outcome: Accepted | Refused) -> str:
    """Everything that an outcome carries."""
    if isinstance(outcome, Refused):
        return outcome.reason + outcome.raw
    return outcome.values.decode() + outcome.raw + " ".join(outcome.notes)


def body_of(object: OrdergrooveObject) -> dict[str, Any]:
    """A body in which every text says which column it is of, and that has fields without a column."""
    body: dict[str, Any] = {"unheard_of": "zzq-unheard_of", "unheard_box": {"inner": ["zzq-inner", 4155550199]}}
    for column in object.columns:
        path = object.record.path(column.name)
        if len(path) == 1 and column.kind is Kind.TEXT:
            body[str(path[0])] = f"zzq-{column.name}"
        elif len(path) == 1 and column.kind is Kind.JSON and column.personal:
            body[str(path[0])] = {"free": f"zzq-{column.name}"}
    return body


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
@pytest.mark.parametrize("object", OBJECTS, ids=lambda row: row.name)
def test_only_columns_that_are_not_personal_stay_in_clear(object: OrdergrooveObject, masking: Masking) -> None:
    """Neither in typed columns nor in `_raw` is a personal value, a secret or a field that nobody knows."""
    outcome = read(object.name, body_of(object), masking)
    assert isinstance(outcome, Accepted)
    written = all_of(outcome)
    for column in object.columns:
        if column.kind is Kind.TEXT and len(object.record.path(column.name)) == 1:
            stays = not (column.personal or column.secret)
            assert (f'"zzq-{column.name}"' in written) == stays, column.name
    for text in ("unheard_of", "inner", "extra_data", "grantees"):
        assert f"zzq-{text}" not in written
    assert "4155550199" not in written


@pytest.mark.parametrize("masking", [KEEP, KEEP_SALTED, HASH, DROP], ids=["keep", "salted", "hash", "drop"])
@pytest.mark.parametrize("name", ["customers", "addresses", "payments", "orders", "subscriptions", "items"])
def test_secrets_stay_nowhere_whatever_the_setting(name: str, masking: Masking) -> None:
    """Tokens and card data, also under names that no document has, nested, and in text that holds JSON."""
    fields = {
        "token_id": CARD,
        "user_token_id": CARD,
        "cc_number_ending": CARD,
        "cc_exp_date": CARD,
        "cc_number": 4111222233334444,
        "card": {"cvv": CARD, "last4": [CARD]},
        "wallet": [{"paymentToken": {"value": CARD}}],
        "extra_data": json.dumps({"gateway": {"card_token": CARD}, "tier": "gold"}),
    }
    outcome = read(name, {"public_id": "k1", "merchant_user_id": "k1"} | fields, masking)
    assert isinstance(outcome, Accepted)
    assert CARD not in all_of(outcome)
    assert "4111222233334444" not in all_of(outcome)
    if masking.keeps_personal:
        assert "gold" in all_of(outcome)


def test_keep_stores_a_record_without_secrets_as_it_came() -> None:
    """White space, order and the digits of numbers included: nothing was to be masked."""
    for name, body in (
        ("orders", '{ "public_id": "o1", "total": "10.50", "extra_data": {"gift_card": 100.80} }'),
        ("customers", '{"merchant_user_id": "7", "email": "a@example.com", "user_token_id": ""}'),
    ):
        outcome = read(name, body, KEEP)
        assert isinstance(outcome, Accepted)
        assert outcome.raw == body


def test_what_is_not_masked_keeps_its_own_spelling() -> None:
    """Numbers keep their digits beside a masked member, in `_raw` and in the typed column."""
    typed, _ = accepted("subscriptions", HASH, prepaid_subscription_context={"last_renewal_revenue": 100.8, "who": "J"})
    assert typed["last_renewal_revenue"] == "100.8"
    outcome = read("subscriptions", '{"public_id": "s1", "price": 12.990, "extra_data": {"a": 1}}', HASH)
    assert '"price":12.990' in outcome.raw


def test_hashes_are_keyed_stable_and_join_across_objects() -> None:
    """The same phone number in two objects has one hash, which whoever has the salt can make as well."""
    customer, raw = accepted("customers", HASH, phone_number="+15165551212", email="zoë@example.com")
    address, _ = accepted("addresses", HASH, phone="+15165551212")
    assert customer["phone_number"] == address["phone"] == raw["phone_number"] == hashed("+15165551212")
    assert customer["email"] == hashed("zoë@example.com")
    number, _ = accepted("customers", HASH, phone_number=15165551212)
    assert number["phone_number"] == hashed("15165551212")
    other = Masking(PersonalData.HASH, b"x" * 32)
    assert accepted("addresses", other, phone="+15165551212")[0]["phone"] not in (address["phone"], "+15165551212")


def test_opaque_ids_stay_because_rows_are_joined_by_them() -> None:
    """The shop's customer id and Ordergroove's public ids are what joins, look-ups and deletions go by."""
    for masking in (HASH, DROP):
        typed, raw = accepted("subscriptions", masking, customer="00026001", payment="p1", shipping_address="a1")
        assert (typed["customer"], typed["payment"], typed["shipping_address"]) == ("00026001", "p1", "a1")
        assert raw["customer"] == "00026001"


def test_email_address_that_serves_as_an_id_is_hashed() -> None:
    """Some shops know their customers by address. Their rows stay joined wherever there is a salt."""
    for masking in (HASH, DROP):
        customer, _ = accepted("customers", masking, merchant_user_id="jane@example.com")
        order, raw = accepted("orders", masking, customer="jane@example.com")
        assert customer["merchant_user_id"] == order["customer"] == raw["customer"] == hashed("jane@example.com")
    unsalted = read("customers", {"merchant_user_id": "jane@example.com"}, Masking(PersonalData.DROP))
    assert isinstance(unsalted, Refused)
    assert "jane" not in all_of(unsalted)


def test_null_and_empty_text_stay_what_they_are() -> None:
    """They tell about nobody, and a hash of nothing would join everybody who left the field out."""
    typed, _ = accepted("customers", HASH, first_name="", last_name=None)
    assert (typed["first_name"], typed["last_name"]) == ("", None)


def test_code_of_a_reason_stays_and_its_text_does_not() -> None:
    """`4|text`: customers write the text; churn is counted by the code."""
    typed, _ = accepted("subscriptions", HASH, cancel_reason="4|I moved", cancel_reason_code="4|")
    assert typed["cancel_reason"] == "4|" + hashed("I moved")
    assert (typed["cancel_reason_code"], typed["cancel_reason_code_number"]) == ("4|", 4)
    typed, _ = accepted("subscriptions", DROP, cancel_reason="4|I moved", cancel_reason_code=4)
    assert (typed["cancel_reason"], typed["cancel_reason_code"]) == ("4|", "4")
    assert accepted("subscriptions", HASH, cancel_reason="I moved")[0]["cancel_reason"] == hashed("I moved")


def test_known_keys_stay_inside_free_data() -> None:
    """An order's `merged_order_id` and the code of a refusal are Ordergroove's own; the rest is anybody's."""
    message = json.dumps({"message": "Card of Jane declined", "code": "140"})
    typed, _ = accepted("orders", HASH, extra_data={"merged_order_id": "o2", "note": PERSON}, rejected_message=message)
    assert json.loads(typed["extra_data"]) == {"merged_order_id": "o2", "note": hashed(PERSON)}
    assert json.loads(typed["rejected_message"]) == {"message": hashed("Card of Jane declined"), "code": "140"}
    typed, _ = accepted("subscriptions", HASH, grantees=[{"external_id": "g1", "name": PERSON}])
    assert json.loads(typed["grantees"]) == [{"external_id": "g1", "name": hashed(PERSON)}]


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
@pytest.mark.parametrize(
    ("name", "fields", "note"),
    [
        ("subscriptions", {"quantity": PERSON}, "quantity: not a whole number of 32 bits"),
        ("subscriptions", {"quantity": "15165551212"}, "quantity: not a whole number of 32 bits"),
        ("orders", {"place": PERSON}, "place: not a date and time"),
        ("orders", {"currency_code": {"who": PERSON}}, "currency_code: sent as JSON, kept as its text"),
        ("customers", {"live": [PERSON]}, "live: not true or false"),
        (
            "subscriptions",
            {"prepaid_subscription_context": {"prepaid_orders_remaining": PERSON}},
            "prepaid_orders_remaining: not a whole number of 32 bits",
        ),
    ],
)
def test_value_that_fails_its_type_is_masked_too(
    name: str, fields: dict[str, Any], note: str, masking: Masking
) -> None:
    """What does not fit its column may be anything; the note says which column it was."""
    outcome = read(name, {"public_id": "k1", "merchant_user_id": "k1"} | fields, masking)
    assert isinstance(outcome, Accepted)
    assert note in outcome.notes
    assert PERSON not in all_of(outcome)
    assert "15165551212" not in all_of(outcome)


def test_text_behind_a_day_is_cut_off() -> None:
    """A day is read out of the first ten characters; what follows them is not kept."""
    typed, raw = accepted("subscriptions", HASH, start_date=f"2025-01-31 {PERSON}")
    assert (typed["start_date"], raw["start_date"]) == ("2025-01-31", "2025-01-31")


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"first_name": PERSON, "locale": PERSON, "merchant_user_id": None}),
        json.dumps({"merchant_user_id": {"name": PERSON}}),
        json.dumps([PERSON]),
        json.dumps(PERSON),
        f'{{"merchant_user_id": "1", "first_name": "{PERSON}", "live": NaN}}',
        f'{{"merchant_user_id": "1", "first_name": "{PERSON}"',
        f'{{"first_name": "{PERSON}'.encode() + b'\xff"}',
    ],
    ids=["no key", "key is an object", "list", "text", "NaN", "cut off", "not UTF-8"],
)
def test_quarantine_shows_the_shape_of_a_record_and_nothing_of_a_person(body: str | bytes, masking: Masking) -> None:
    """A refused record was held against no type, so all of its values are masked."""
    outcome = read("customers", body, masking)
    assert isinstance(outcome, Refused)
    assert outcome.raw
    assert "Zzq" not in all_of(outcome)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"token_id": CARD}),
        f'{{"public_id": "p", "token_id": "{CARD}"',
        f'{{"public_id": "p", "token_id": "{CARD}", "live": NaN}}',
        f'{{"token_id": "{CARD}'.encode() + b'\xff"}',
    ],
    ids=["no key", "cut off", "NaN", "not UTF-8"],
)
def test_quarantine_has_no_secret_with_keep(body: str | bytes) -> None:
    """A record that cannot be taken apart is withheld as a whole where it may hold one."""
    outcome = read("payments", body, KEEP)
    assert isinstance(outcome, Refused)
    assert CARD not in outcome.raw


def test_member_that_stands_twice_does_not_come_back() -> None:
    """The last of two counts, and the first is not written either."""
    for masking, body in (
        (KEEP, f'{{"public_id": "p", "token_id": "{CARD}", "token_id": null}}'),
        (HASH, f'{{"public_id": "p", "cc_holder": "{CARD}", "cc_holder": ""}}'),
    ):
        assert CARD not in all_of(read("payments", body, masking))


def test_secret_inside_a_value_that_fails_its_type_is_masked() -> None:
    """Where a text is expected, nobody looks into an object for a secret until it does not fit."""
    outcome = read("orders", {"public_id": "o1", "currency_code": {"token_id": CARD, "name": PERSON}}, KEEP)
    assert isinstance(outcome, Accepted)
    assert CARD not in all_of(outcome)
    assert PERSON in all_of(outcome)


def test_name_of_a_member_that_is_a_value_is_masked() -> None:
    """Somebody's address as the name of a field is still somebody's address."""
    for masking in (HASH, DROP):
        outcome = read("orders", {"public_id": "o1", "extra_data": {"jane@example.com": 1}, "x y@z.com": 2}, masking)
        assert "@" not in all_of(outcome)


def test_masking_twice_is_masking_once() -> None:
    """So that an event can be masked when it comes and again when it is loaded."""
    for masking in (HASH, DROP):
        for object in OBJECTS:
            once = read(object.name, body_of(object), masking)
            assert isinstance(once, Accepted)
            again = read(object.name, once.raw, masking)
            assert isinstance(again, Accepted)
            assert (again.values, again.raw) == (once.values, once.raw), object.name


def test_names_of_secrets_are_told_from_others() -> None:
    """Whatever is a secret also raises the quick alarm; what analysts need does not."""
    for name in (
        "token_id",
        "one_click_token",
        "paymentToken",
        "cc_exp_date",
        "cc-exp-date",
        "Card-Number",
        "cardNumber",
        "card_no",
        "card",
        "card_cvv",
    ):
        assert is_secret(name), name
        assert may_hold_secrets(f'{{"{name}": 1}}'.encode()), name
    for name in (
        "cc_type",
        "cc_holder",
        "session_id",
        "payment_method",
        "gift_card_balance",
        "discarded",
        "last_login",
    ):
        assert not is_secret(name), name


def test_masking_shows_no_salt() -> None:
    """Not in a traceback, nor in a log."""
    assert SALT.decode() not in repr(HASH)

"""Bodies in the spellings that the API reference shows, and the records they become."""

import json
from typing import Any

import pytest

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused

NEW_YORK = SourceClock("America/New_York")


def read(name: str, body: Any) -> Accepted | Refused:
    """The outcome for one body of the object called `name`; bytes are taken as they are."""
    object = next(row for row in OBJECTS if row.name == name)
    return RecordReader(object, NEW_YORK, KEEPING).read(body if isinstance(body, bytes) else json.dumps(body).encode())


def values(name: str, **fields: Any) -> dict[str, Any]:
    """The canonical values of an accepted body with `fields` beside its key, without its nulls."""
    key = {"customers": "merchant_user_id", "products": "external_product_id", "cancel_reasons": "cancel_reason"}
    outcome = read(name, {key.get(name, "public_id"): "k1"} | fields)
    assert isinstance(outcome, Accepted)
    return {name: value for name, value in json.loads(outcome.values).items() if value is not None}


def notes(name: str, **fields: Any) -> tuple[str, ...]:
    """The notes on an accepted body."""
    outcome = read(name, {"public_id": "k1"} | fields)
    assert isinstance(outcome, Accepted)
    return outcome.notes


def test_every_column_of_every_object_has_a_meaning() -> None:
    """A person in DuckDB sees what a column means."""
    for row in OBJECTS:
        for column in row.columns:
            assert column.description.endswith("."), (row.name, column.name)
        assert set(row.key) <= {column.name for column in row.columns if column.required}


def test_stamps_are_read_on_the_source_clock_in_both_seasons() -> None:
    """A stamp has no zone; New York is five hours behind UTC in winter and four in summer."""
    assert values("orders", created="2025-01-10 12:00:00")["created"] == "2025-01-10T17:00:00"
    assert values("orders", created="2025-07-10 12:00:00")["created"] == "2025-07-10T16:00:00"


def test_stamp_with_a_zone_keeps_its_instant() -> None:
    """ISO with Z, an offset, or an epoch number is an instant already."""
    for stamp in ("2025-01-10T12:00:00Z", "2025-01-10T14:00:00+02:00", 1736510400):
        assert values("orders", created=stamp)["created"] == "2025-01-10T12:00:00", stamp


def test_repeated_autumn_hour_is_the_earlier_instant() -> None:
    """01:30 happens twice on 2025-11-02; the first is in daylight time."""
    assert values("orders", created="2025-11-02 01:30:00")["created"] == "2025-11-02T05:30:00"


def test_missing_spring_hour_is_shifted_forward_with_a_note() -> None:
    """02:30 does not happen on 2025-03-09; it is read as 03:30."""
    assert values("orders", created="2025-03-09 02:30:00")["created"] == "2025-03-09T07:30:00"
    assert notes("orders", created="2025-03-09 02:30:00") == (
        "created: does not exist in America/New_York, shifted forward",
    )


@pytest.mark.parametrize("stamp", ["2017-02-29 12:00:00", "2020-06-13 014:16:57", "soon", [1], {"a": 1}])
def test_impossible_stamp_is_null_with_a_note(stamp: Any) -> None:
    """What no calendar has is no value, and the row says so."""
    assert "created" not in values("orders", created=stamp)
    assert notes("orders", created=stamp) == ("created: not a date and time",)


@pytest.mark.parametrize("word", ["null", "undefined", "", None])
def test_words_for_null_are_null_in_typed_columns_without_a_note(word: str | None) -> None:
    """The documents show such words where they mean nothing."""
    fields = {"total": word, "cancelled": word, "tries": word, "locked": word, "place": word}
    assert values("orders", **fields).keys() == {"public_id"}
    assert notes("orders", **fields) == ()


def test_text_columns_keep_empty_text() -> None:
    """Empty text is a value of a text column."""
    assert values("customers", user_token_id="")["user_token_id"] == ""


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("95.12", "95.12"),
        (100.8, "100.8"),
        (12, "12"),
        ("1E2", "100.0000"),
        (" 5 ", "5.0000"),
        ("95.1200000", "95.1200"),
    ],
)
def test_money_keeps_its_digits(sent: Any, stored: str) -> None:
    """Amounts are text until they are DECIMAL(18,4)."""
    assert values("orders", total=sent)["total"] == stored
    assert notes("orders", total=sent) == ()


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "12,50", "123456789012345.00", True, {"v": 1}])
def test_what_is_no_amount_is_null_with_a_note(sent: Any) -> None:
    """An amount that does not fit is not guessed at."""
    assert "total" not in values("orders", total=sent)
    assert notes("orders", total=sent) == ("total: not an amount of at most 14 digits",)


def test_amount_finer_than_the_column_is_rounded_with_a_note() -> None:
    """Four decimals are what the column has."""
    assert values("orders", total="1.00005")["total"] == "1.0000"
    assert notes("orders", total="1.00005") == ("total: rounded to 4 decimals",)


@pytest.mark.parametrize(("sent", "stored"), [(True, True), ("True", True), ("False", False), (1, True), (0, False)])
def test_booleans_as_words_and_numbers(sent: Any, stored: bool) -> None:
    """The documents show all of these."""
    assert values("subscriptions", live=sent)["live"] is stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ('{"some": "extra"}', {"some": "extra"}),
        ({"some": "extra"}, {"some": "extra"}),
        ("free text", "free text"),
        ("[1, 2", "[1, 2"),
    ],
)
def test_extra_data_as_text_or_object_is_json(sent: Any, stored: Any) -> None:
    """A string that holds JSON is that JSON, any other string stays one."""
    assert json.loads(values("orders", extra_data=sent)["extra_data"]) == stored


def test_components_in_all_spellings_are_one_list() -> None:
    """The new list, the legacy list and the legacy text become the same shape."""
    line = {"public_id": "c1", "quantity": 2, "product": "7"}
    bare = {"public_id": None, "quantity": None, "product": "7"}
    assert json.loads(values("subscriptions", components=[line])["components"]) == [line]
    assert json.loads(values("subscriptions", components=[{"product": 7}])["components"]) == [bare]
    assert json.loads(values("subscriptions", components="7, 8")["components"]) == [bare, bare | {"product": "8"}]
    assert json.loads(values("subscriptions", components=[])["components"]) == []


@pytest.mark.parametrize(
    ("sent", "text", "number"), [("4", "4", 4), ("4|", "4|", 4), (4, "4", 4), ("other", "other", None)]
)
def test_cancel_reason_code_is_kept_and_read(sent: Any, text: str, number: int | None) -> None:
    """The code comes as text, with a bar, or as a number."""
    record = values("subscriptions", cancel_reason_code=sent)
    assert (record["cancel_reason_code"], record.get("cancel_reason_code_number")) == (text, number)


def test_prepaid_context_has_columns_of_its_own() -> None:
    """Its revenue is a JSON number and stays exact."""
    context = {"prepaid_orders_remaining": 2, "renewal_behavior": "autorenew", "last_renewal_revenue": 100.8}
    record = values("subscriptions", prepaid_subscription_context=context)
    assert record["prepaid_orders_remaining"] == 2
    assert record["last_renewal_revenue"] == "100.8"
    assert values("subscriptions", prepaid_subscription_context={}).get("renewal_behavior") is None


def test_place_is_an_instant_and_a_plain_day() -> None:
    """No zone moves the day."""
    record = values("orders", place="2018-10-22 23:06:25")
    assert (record["place"], record["place_date"]) == ("2018-10-23T03:06:25", "2018-10-22")


def test_numbers_become_text_where_the_column_is_text() -> None:
    """Locale and payment method come as a name or a number."""
    assert values("customers", locale=1)["locale"] == "1"
    assert values("payments", payment_method=2)["payment_method"] == "2"


def test_unknown_field_is_left_to_raw() -> None:
    """Tomorrow's fields do not stop today's pull and are not lost."""
    body = {"public_id": "k1", "brand_new": [1]}
    outcome = read("orders", body)
    assert isinstance(outcome, Accepted)
    assert json.loads(outcome.raw) == body


@pytest.mark.parametrize(
    "body", [{}, {"public_id": None}, {"public_id": ""}, {"public_id": "null"}, {"public_id": True}, {"public_id": [1]}]
)
def test_record_without_a_usable_key_is_refused_whole(body: dict[str, Any]) -> None:
    """It goes to quarantine with its reason and its text."""
    assert read("orders", body) == Refused("the key public_id is missing or empty", json.dumps(body))


@pytest.mark.parametrize("body", [b"null", b"[1]", b'"x"', b"7", b'{"public_id": NaN', b"\xff\xfe", b""])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """Whatever stands in a page is kept somewhere."""
    assert isinstance(read("orders", body), Refused)


def test_one_odd_field_does_not_cost_the_others() -> None:
    """The rest of the record is read as if nothing had happened."""
    record = values("orders", total="undefined", tries="many", status=5, created="2025-01-10 12:00:00")
    assert record == {"public_id": "k1", "status": 5, "created": "2025-01-10T17:00:00"}


def test_composite_key_needs_all_its_parts() -> None:
    """Product groups are known by type and name together."""
    assert isinstance(read("product_groups", {"group_type": "incentive", "name": "summer"}), Accepted)
    assert isinstance(read("product_groups", {"group_type": "incentive"}), Refused)

"""Values in odd spellings: right in their column to the last digit, or null with a note; never wrong in silence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.json_text import DEEPEST
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused

NO_TIMES = ["20240701", "1736510400", "-5", "2024-07-01 Jane", "24-07-01", "2024-07-01T10:00:00+24:00"]
NO_TIMES += ["2024-07-01 10:00:60", "\u0662\u0660\u0662\u0664-07-01"]
READERS = {object.name: RecordReader(object, SourceClock("America/New_York"), KEEPING) for object in OBJECTS}


def read(name: str, **members: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The typed values and the notes of a record whose members have these JSON texts."""
    body = ", ".join(f'"{member}": {text}' for member, text in {"public_id": '"k1"', **members}.items())
    outcome = READERS[name].read(f"{{{body}}}".encode())
    assert isinstance(outcome, Accepted), outcome
    return json.loads(outcome.values), outcome.notes


@pytest.mark.parametrize(
    "sent", ["0", "20240701", "2125550123", "1736510400.5", "1e9", "true", *map(json.dumps, NO_TIMES)]
)
def test_what_only_a_lenient_reader_takes_for_a_time_is_none(sent: str) -> None:
    """Digits are no instant because some parser counts them from 1970."""
    values, notes = read("orders", cancelled=sent)
    assert (values["cancelled"], notes) == (None, ("cancelled: not a date and time",))


def test_seconds_since_1970_are_taken_with_a_note() -> None:
    """Events count in them; a number of our time can mean nothing else."""
    values, notes = read("orders", cancelled="1736510400")
    assert values["cancelled"] == "2025-01-10T12:00:00"
    assert notes == ("cancelled: a number, read as seconds since 1970",)


@pytest.mark.parametrize(
    ("sent", "stored", "note"),
    [
        ('"2024-07-01T10:00:00.123456"', "2024-07-01T14:00:00.123456", None),
        ('"2024-07-01T10:00:00.1234560"', "2024-07-01T14:00:00.123456", None),
        ('"2024-07-01T10:00:00.1234567"', "2024-07-01T14:00:00.123456", "cut to microseconds"),
        ('"2024-07-01t10:00:00.5+0200"', "2024-07-01T08:00:00.500000", None),
        ('" 2024-07-01 "', "2024-07-01T04:00:00", None),
        ('"9999-12-31 23:59:59"', None, "beyond the calendar in UTC"),
        ('"0001-01-01T00:00:00+01:00"', None, "beyond the calendar in UTC"),
    ],
)
def test_time_is_right_or_says_what_it_lacks(sent: str, stored: str | None, note: str | None) -> None:
    """Finer than the column, or beyond the calendar."""
    values, notes = read("orders", created=sent)
    assert (values["created"], notes) == (stored, (f"created: {note}",) if note else ())


@pytest.mark.parametrize(
    ("sent", "stored", "notes"),
    [
        ("99999999999999.99", "99999999999999.99", ()),
        ("1.10", "1.10", ()),
        ("1e3", "1000.0000", ()),
        ("1.00005", "1.0000", ("total: rounded to 4 decimals",)),
        ("1e-400", "0.0000", ("total: rounded to 4 decimals",)),
        ("1e400", None, ("total: not an amount of at most 14 digits",)),
        ("99999999999999.99999", None, ("total: not an amount of at most 14 digits",)),
        ('"1_000"', None, ("total: not an amount of at most 14 digits",)),
        ('"\u0661\u0662"', None, ("total: not an amount of at most 14 digits",)),
    ],
)
def test_amount_never_is_a_float(sent: str, stored: str | None, notes: tuple[str, ...]) -> None:
    """A JSON number has its digits, as many as were sent."""
    values, told = read("orders", total=sent)
    assert (values["total"], told) == (stored, notes)


def test_amount_inside_of_an_object_keeps_its_digits() -> None:
    """The revenue of a renewal is a number in the documents."""
    for context in ('{"last_renewal_revenue": 99999999999999.99}', r'"{\"last_renewal_revenue\": 99999999999999.99}"'):
        values, notes = read("subscriptions", prepaid_subscription_context=context)
        assert (values["last_renewal_revenue"], notes) == ("99999999999999.99", ())


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("5", 5), ("-0", 0), ('"5"', 5), ("5.0", 5), ("1e2", 100), ("2147483647.0", 2147483647)]
    + [(odd, None) for odd in ("true", "5.5", "5.0000000000000000001", "1e-400", "1e400", '"1_000"', "2147483648")],
)
def test_whole_number_is_whole_to_the_last_digit(sent: str, stored: int | None) -> None:
    """Neither a float that was rounded nor a flag is one."""
    values, notes = read("orders", tries=sent)
    assert values["tries"] == stored
    assert notes == (() if stored is not None else ("tries: not a whole number of 32 bits",))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("true", True), ('"FALSE"', False), ("1", True), ('"0"', False)]
    + [(odd, None) for odd in ("2", "1.5", "1e-400", '"yes"', "[]")],
)
def test_flag_is_true_or_false_or_nothing(sent: str, stored: bool | None) -> None:
    """The documents show words and 1 and 0, nothing else."""
    values, notes = read("orders", locked=sent)
    assert (values["locked"], notes) == (stored, () if stored is not None else ("locked: not true or false",))


@pytest.mark.parametrize("sent", ["1.10", "1e3", "1E+5", "123456789012345678901234567890", "-1.50", "-0"])
@pytest.mark.parametrize("name", ["currency_code", "order_merchant_id"])
def test_number_in_a_text_column_is_its_digits(name: str, sent: str) -> None:
    """As they came, in a record that is odd elsewhere too."""
    assert read("orders", **{name: sent})[0][name] == sent
    assert read("orders", **{name: sent}, total='"much"')[0][name] == sent
    assert read("subscriptions", cancel_reason_code=sent)[0]["cancel_reason_code"] == sent


@pytest.mark.parametrize("second_look", [{}, {"total": '"much"'}], ids=["first look", "second look"])
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ('{"a": 1.50, "b": 1e400}', '{"a": 1.50, "b": 1e400}'),
        ("1.50", "1.50"),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        (r'"{\"a\": 1.50}"', '{"a": 1.50}'),
        ('"1e400"', "1e400"),
        (r'"{\"a\": 1,}"', r'"{\"a\": 1,}"'),
        ('"NaN"', '"NaN"'),
        (r'"[\"\\ud800\"]"', r'"[\"\\ud800\"]"'),
        ('"' + "[" * 300 + "]" * 300 + '"', '"' + "[" * 300 + "]" * 300 + '"'),
        ('" null "', " null "),
        (r'"\u2028"', r'"\u2028"'),
        ('"null"', None),
    ],
)
def test_json_column_has_the_text_that_came(sent: str, stored: str | None, second_look: dict[str, str]) -> None:
    """Digits, doubles and all; text that is no JSON to the letter stays a string."""
    values, _ = read("orders", extra_data=sent, **second_look)
    assert values.get("extra_data") == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ('"[]"', "[]"),
        (r'"[{\"product\": 7.50}]"', '[{"public_id":null,"quantity":null,"product":"7.50"}]'),
        ('[{"product": 1e3, "quantity": 2.0}]', '[{"public_id":null,"quantity":2.0,"product":"1e3"}]'),
        ('""', "[]"),
    ],
)
def test_bundle_lines_in_text_are_lines(sent: str, stored: str) -> None:
    """A list that came as text is that list, not a product of that name."""
    assert read("items", components=sent)[0]["components"] == stored


@pytest.mark.parametrize("sent", ['"[1, 2"', '[["7"]]', "[true]", "7", '{"product": "7"}', '[{"product": {}}]'])
def test_what_is_no_bundle_line_is_null_with_a_note(sent: str) -> None:
    """Nothing is guessed at."""
    values, notes = read("items", components=sent)
    assert (values["components"], notes) == (None, ("components: not a list of bundle lines",))


@pytest.mark.parametrize("key", ["NaN", "1.5", "1e3", "true", "{}", '" null "'])
@pytest.mark.parametrize("second_look", ["", ', "total": "much"'])
def test_key_is_text_or_a_whole_number_in_either_look(key: str, second_look: str) -> None:
    """Anything else is no id that anybody could look up."""
    assert isinstance(READERS["orders"].read(f'{{"public_id": {key}{second_look}}}'.encode()), Refused)
    whole = READERS["orders"].read(f'{{"public_id": 17{second_look}}}'.encode())
    assert isinstance(whole, Accepted)
    assert json.loads(whole.values)["public_id"] == "17"


def test_a_value_that_json_does_not_know_refuses_the_record_wherever_it_stands() -> None:
    """`_raw` is JSON to everybody who reads it."""
    for odd in ("NaN", "-Infinity", '"\\ud800"', '"a\x01b"', "01"):
        outcome = READERS["orders"].read(f'{{"public_id": "a", "unheard_of": [{odd}]}}'.encode())
        assert outcome == Refused("the record is not valid JSON", f'{{"public_id": "a", "unheard_of": [{odd}]}}')


def test_the_deepest_record_that_is_a_row() -> None:
    """One limit for both looks, since readers of JSON have limits of their own."""
    for second_look in ("", ', "total": "much"'):
        for depth, kind in ((DEEPEST, Accepted), (DEEPEST + 1, Refused)):
            nested = "[" * (depth - 1) + "]" * (depth - 1)
            assert isinstance(
                READERS["orders"].read(f'{{"public_id": "a", "x": {nested}{second_look}}}'.encode()), kind
            )


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
STAMPS = st.from_regex(
    r"(00|19|20|99)[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]([ T_][0-2][0-9]:[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,8})?)?"
    r"(Z|[+-][01][0-9]:?[03]0)?)?",
    fullmatch=True,
)
WORDS = st.sampled_from(["", "null", "undefined", "True", "false", "1", "0", "4|Full", "007", " 5 ", "7, 8", "[]"])
TEXTS = st.one_of(st.text(max_size=8), WORDS, STAMPS, NUMBERS)
SCALARS = st.one_of(NUMBERS, st.sampled_from(["true", "false", "null"]), TEXTS.map(json.dumps))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda texts: "[" + ", ".join(texts) + "]"),
        st.dictionaries(
            st.sampled_from(["product", "quantity", "last_renewal_revenue", "x"]), inner.filter(bool), max_size=3
        ).map(lambda members: "{" + ", ".join(f'"{name}":{text}' for name, text in members.items()) + "}"),
        inner.map(json.dumps),
    ),
    max_leaves=4,
)


@given(st.data())
def test_both_looks_read_every_value_alike(data: st.DataObject) -> None:
    """A record that is odd elsewhere has the same values: the quick look takes only what the careful one reads so."""
    name = data.draw(st.sampled_from(sorted(READERS)))
    reader = READERS[name]
    columns = {column.path[0]: column for column in reader._columns}
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(sorted(map(str, columns))), VALUES), max_size=4))
    members = [(key, '"k1"') for key in next(row.key for row in OBJECTS if row.name == name)] + drawn
    body = ("{" + ", ".join(f'"{member}": {text}' for member, text in members) + "}").encode()
    quick = reader.read(body)
    careful = reader._second_look(body, reader._mask.record(body))
    if isinstance(quick, Refused) or isinstance(careful, Refused):
        assert quick == careful
        return
    told, found = json.loads(quick.values), json.loads(careful.values)
    assert {key: value for key, value in told.items() if value is not None} == {
        key: value for key, value in found.items() if value is not None
    }
    assert (quick.notes, quick.raw) == (careful.notes, careful.raw)

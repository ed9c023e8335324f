"""Which records are plain, so that the database may read them by itself: what usually comes, and nothing doubtful."""

import json

import pytest

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING, Masking, PersonalData
from og_assets.ordergroove.objects import BY_NAME, OBJECTS
from og_assets.ordergroove.reader import RecordReader

ORDER = (
    '{"public_id":"o1","customer":"Zoë O\'Brien","sub_total":"95.12","created":"2025-03-08 02:30:00",'
    '"place":"2025-11-03T23:59:59","cancelled":null,"tries":1,"status":-5,"type":"1","order_merchant_id":301617,'
    '"rejected_message":"","extra_data":{"tier":"gold","n":[1,true]},"locked":false,"new":{"a":[]},"newer":1.50}'
)


def reader_of(name: str, masking: Masking = KEEPING) -> RecordReader:
    """A reader of an object."""
    return RecordReader(BY_NAME[name], SourceClock(), masking)


def is_plain(body: str, name: str = "orders") -> bool:
    """Whether a record is plain, as it is."""
    return list(reader_of(name).plain([body.encode()])) == [body.encode()]


@pytest.mark.parametrize("object", [object.name for object in OBJECTS])
def test_a_compact_record_as_the_reference_shows_it_is_plain(object: str) -> None:
    """Also one of which all is null but its key."""
    columns = {column.member: column for column in reversed(BY_NAME[object].columns)}
    shown = {name: "k1" if column.required else None for name, column in columns.items()}
    assert is_plain(json.dumps(shown, separators=(",", ":")), object)


def test_usual_spellings_are_plain() -> None:
    """Texts of any letters, numbers where text is expected and the other way round, nested and unknown members."""
    assert is_plain(ORDER)


@pytest.mark.parametrize(
    ("usual", "strange"),
    [
        ('"95.12"', '"95.12345"'),  # to be rounded, with a note
        ('"95.12"', "95.12"),  # a number, which would go through a float
        ('"95.12"', '"1e2"'),
        ('"95.12"', '" 95.12"'),
        ('"tries":1', '"tries":1.5'),  # DuckDB makes 2 of it
        ('"tries":1', '"tries":9999999999'),
        ('"tries":1', '"tries":true'),
        ('"status":-5', '"status":32768'),
        ('"status":-5', '"status":-0'),
        ("301617", "-0"),
        ("301617", "1.10"),
        ("301617", "12345678901234567890"),
        ("2025-03-08 02:30:00", "2025-03-09 02:30:00"),  # the clock changes on that day
        ("2025-03-08 02:30:00", "2025-02-29 02:30:00"),
        ("2025-03-08 02:30:00", "2025-03-08 24:00:00"),
        ("2025-03-08 02:30:00", "2025-03-08 02:30:00+02:00"),
        ("2025-03-08 02:30:00", "2025-03-08 02:30:00.5"),
        ("2025-03-08 02:30:00", "9999-12-31 23:59:59"),
        ("2025-03-08 02:30:00", "1736510400"),
        ('"created":"2025-03-08 02:30:00"', '"created":1736510400'),
        ('"locked":false', '"locked":"false"'),
        ('"o1"', '"null"'),
        ('"o1"', '""'),
        ('"o1"', '" o1"'),
        ('"o1"', "null"),
        ('"o1"', '"o\'1"'),
        ('"tier":"gold"', '"tier":"g\\u006fld"'),
        ('"tier":"gold"', '"tier":1.10'),
        ('"tier":"gold"', '"tier": "gold"'),
        ('"tier":"gold"', '"card_number":"4111"'),
        ('"newer"', '"points_token"'),
        ('"new"', '"n\\u0065w"'),
        ("Zoë O'Brien", "{'token': 'x'}"),
        ("Zoë O'Brien", "Zo\x00"),
        ("Zoë O'Brien", "Zo\t"),
        ('"cancelled":null', '"cancelled":NaN'),
        ('"cancelled":null', '"cancelled":null,"customer":"another"'),
        ('{"public_id"', '{ "public_id"'),
    ],
)
def test_what_a_cast_could_get_wrong_is_not_plain(usual: str, strange: str) -> None:
    """One value that DuckDB reads in another way than the reader, or that masking may change, is enough."""
    assert usual in ORDER
    assert not is_plain(ORDER.replace(usual, strange))


def test_bytes_that_are_not_utf8_are_not_plain() -> None:
    """DuckDB would refuse their whole file."""
    assert reader_of("orders").plain([ORDER.encode().replace("ë".encode(), b"\xeb")]) == [None]


def test_what_is_masked_may_be_plain_afterwards() -> None:
    """It goes to the database as it may be written, whatever was in it."""
    body = b'{"public_id":"p1","label":"Ann","token_id":"tok_1","cc_type":1}'
    masking = Masking(PersonalData.DROP)
    assert (
        reader_of("payments", masking).plain([body])[0]
        == b'{"public_id":"p1","label":null,"token_id":null,"cc_type":1}'
    )
    assert reader_of("payments").plain([body])[0] == b'{"public_id":"p1","label":"Ann","token_id":null,"cc_type":1}'

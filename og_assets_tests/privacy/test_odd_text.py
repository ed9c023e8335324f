"""Text that is not quite JSON, and names in odd spellings: nothing is lost by masking, and no secret stays."""

import json
from typing import Any

import pytest

from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.masking import Masking, PersonalData
from og_assets.ordergroove.objects import OBJECTS
from og_assets.ordergroove.reader import Accepted, RecordReader, Refused

SALT = b"0123456789abcdef0123456789abcdef"
KEEP, KEEP_SALTED = Masking(), Masking(salt=SALT)
HASH, DROP = Masking(PersonalData.HASH, SALT), Masking(PersonalData.DROP, SALT)
EVERY_MODE = pytest.mark.parametrize("masking", [KEEP, KEEP_SALTED, HASH, DROP], ids=["keep", "salted", "hash", "drop"])
CARD = "4111222233334444"


def read(name: str, body: str | bytes, masking: Masking = KEEP) -> Accepted | Refused:
    """The outcome for one body."""
    object = next(row for row in OBJECTS if row.name == name)
    return RecordReader(object, SourceClock(), masking).read(body.encode() if isinstance(body, str) else body)


def all_of(outcome: Accepted | Refused) -> str:
    """Everything that an outcome carries."""
    if isinstance(outcome, Refused):
        return outcome.reason + outcome.raw
    return outcome.values.decode() + outcome.raw + " ".join(outcome.notes)


@pytest.mark.parametrize(
    "fields",
    [
        {"extra_data": "{not json"},
        {"extra_data": "[gift] for mom"},
        {"rejected_message": "{'error': 'Card declined'}"},
        {"rejected_message": "Your card: declined"},
        {"extra_data": {"tier": "gold", "note": "[gift] x"}},
        {"extra_data": '{"tier": "gold", "note": "cut o'},
        {"unheard_of": ["[", "{", '"', "card"]},
    ],
    ids=["brace", "bracket", "another language", "sentence", "inside", "cut off", "unknown"],
)
@pytest.mark.parametrize("second_look", [False, True])
def test_text_that_is_no_json_stays_as_it_came(fields: dict[str, Any], second_look: bool) -> None:
    """A record in which a token is masked keeps all the rest, in `_raw` and in its columns."""
    sent = {"public_id": "o1", "one_click_token": "a", **fields} | ({"total": "much"} if second_look else {})
    outcome = read("orders", json.dumps(sent))
    assert isinstance(outcome, Accepted)
    assert json.loads(outcome.raw) == sent | {"one_click_token": None}
    values = json.loads(outcome.values)
    for name in {"extra_data", "rejected_message"} & fields.keys():
        stored = json.loads(values[name]) if name == "extra_data" else values[name]
        assert stored == fields[name]


def test_event_with_text_that_is_no_json_is_kept_with_its_type_and_id() -> None:
    """A deletion that is lost before the inbox cannot be brought back."""
    body = (
        b'{"id":"e1","type":"order.delete","created":1,"data":{"object":{"type":"order","public_id":"zz",'
        b'"one_click_token":"a","extra_data":"[gift] for mom","total":1.50}}}'
    )
    assert mask_event(body, KEEP) == body.replace(b'"a"', b"null")
    told = json.loads(mask_event(body, HASH))
    assert (told["type"], told["data"]["object"]["public_id"]) == ("order.delete", "zz")


@EVERY_MODE
def test_thousands_of_brackets_cost_nothing_but_what_is_masked(masking: Masking) -> None:
    """A record nested too deep for a row is whole in quarantine; an event is kept."""
    deep = '{"a":' * 5000 + f'{{"card":"{CARD}","b":"zzq"}}' + "}" * 5000
    outcome = read("orders", f'{{"public_id":"o1","status":5,"x":{deep}}}', masking)
    assert isinstance(outcome, Refused)
    assert "deeper" in outcome.reason
    assert CARD not in outcome.raw
    assert outcome.raw.count('{"a":') == 5000
    assert ("zzq" in outcome.raw) == masking.keeps_personal
    event = mask_event(f'{{"id":"e1","type":"order.delete","data":{{"object":{deep}}}}}'.encode(), masking)
    assert b'"order.delete"' in event
    assert CARD.encode() not in event


@EVERY_MODE
@pytest.mark.parametrize(
    "member",
    [
        rf'"\u0063ard_number": "{CARD}"',
        rf'"token\u005fid": "{CARD}", "token_id": null',
        f'"card": "{CARD}", "card": null',
        rf'"order_merchant_id": "{{\"card_number\": \"{CARD}\"}}"',
        rf'"order_merchant_id": " [{{\"\\u0063ard_number\": {CARD}}}]"',
        rf'"currency_code": "Declined: {{\"card_number\": \"{CARD}\", \"a\": 1}}"',
        rf'"order_merchant_id": "{{\"card_number\": \"{CARD}"',
        rf'"order_merchant_id": "\"{{\\\"card_number\\\": \\\"{CARD}\\\"}}\""',
        f"\"order_merchant_id\": \"{{'card_number': '{CARD}', 'a': 1}}\"",
        f"\"order_merchant_id\": \"{{'card': {{'number': '{CARD}'}}, 'a': 1}}\"",
        rf'"order_merchant_id": "{{\"a\": \"5\" pipe\", \"card_number\": {CARD} }}"',
        rf'"extra_data": {{"code": "{{\"token\": \"{CARD}\""}}',
        rf'"card": {{"a": ["{CARD}", {{"b": {CARD}}}]}}, "x": [{{"Token": "{CARD}"}}]',
    ],
)
def test_a_secret_is_found_in_whatever_spelling_its_name_has(member: str, masking: Masking) -> None:
    """Escaped, twice, in text that shows members, cut off, in another language's quotes."""
    for name in ("orders", "payments"):
        for body in (f'{{"public_id": "o1", {member}}}', f'{{"public_id": NaN, {member}}}', f'{{"x": "\xe9", {member}'):
            written = all_of(read(name, body, masking))
            assert CARD not in written, body
            assert isinstance(read(name, body, masking), Refused) == (not body.startswith('{"public_id": "o1"'))
    event = f'{{"id": "e1", "data": {{"object": {{"public_id": "o1", {member}}}}}}}'.encode()
    assert CARD.encode() not in mask_event(event, masking)
    assert mask_event(mask_event(event, masking), masking) == mask_event(event, masking)


@EVERY_MODE
def test_key_that_shows_a_secret_is_quarantined(masking: Masking) -> None:
    """What masking leaves of such keys may be one key, and their records would replace each other."""
    for number in (CARD, CARD[::-1]):
        outcome = read("orders", json.dumps({"public_id": f'{{"card": "{number}"}}', "total": "1.00"}), masking)
        assert isinstance(outcome, Refused)
        assert outcome.reason == "the key public_id shows a secret"
        assert number not in outcome.raw
    assert isinstance(read("orders", '{"public_id": "it\'s [\\"]", "token": 1}', masking), Accepted)
    assert isinstance(read("orders", '{"public_id": "it\'s", "card": [}}', masking), Refused)


def test_secret_that_is_json_text_goes_whole() -> None:
    """The names inside of it are its own, too."""
    for masking, left in ((KEEP, None), (KEEP_SALTED, "hmac:")):
        outcome = read("payments", json.dumps({"public_id": "p", "token_id": f'{{"number {CARD}": "a"}}'}), masking)
        assert isinstance(outcome, Accepted)
        for stored in (json.loads(outcome.values)["token_id"], json.loads(outcome.raw)["token_id"]):
            assert stored is None if left is None else stored.startswith(left)


def test_what_stands_beside_a_secret_in_text_stays() -> None:
    """Only the value goes, in the quotes that the text uses."""
    for told, kept in (
        (f'{{"card_number": "{CARD}", "a": 1.50}}', '{"card_number": null, "a": 1.50}'),
        (f"{{'card': '{CARD}', 'a': 1}} or so", "{'card': null, 'a': 1} or so"),
        (f'no: {{"token": {{"a": {CARD}}}, "b": 2}}', 'no: {"token": null, "b": 2}'),
    ):
        outcome = read("orders", json.dumps({"public_id": "o1", "rejected_message": told}))
        assert isinstance(outcome, Accepted)
        assert json.loads(outcome.values)["rejected_message"] == kept
        assert json.loads(outcome.raw)["rejected_message"] == kept


@pytest.mark.parametrize("spelled", ["ann@x.com", r"ann\u0040x.com", r"\u0061nn@x.com"])
def test_address_that_serves_as_an_id_is_hashed_in_every_spelling(spelled: str) -> None:
    """So that it is neither in clear nor apart from its other rows."""
    plain = read("customers", '{"merchant_user_id": "ann@x.com"}', HASH)
    odd = read("customers", f'{{"merchant_user_id": "{spelled}"}}', HASH)
    order = read("orders", f'{{"public_id": "o1", "customer": "{spelled}"}}', HASH)
    assert isinstance(plain, Accepted)
    assert isinstance(odd, Accepted)
    assert isinstance(order, Accepted)
    key = json.loads(plain.values)["merchant_user_id"]
    assert key.startswith("hmac:")
    assert json.loads(odd.values)["merchant_user_id"] == json.loads(order.values)["customer"] == key
    event = mask_event(f'{{"data": {{"object": {{"merchant_user_id": "{spelled}"}}}}}}'.encode(), HASH)
    assert json.loads(event)["data"]["object"]["merchant_user_id"] == key


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
def test_text_behind_a_day_is_cut_off_in_every_spelling(masking: Masking) -> None:
    """The first ten characters are those of the text, not of how it is escaped."""
    written = all_of(read("subscriptions", r'{"public_id": "s1", "start_date": "2025\u002d01-31 Jane"}', masking))
    assert "Jane" not in written
    assert "2025-01-31" in written


@EVERY_MODE
def test_member_that_stands_twice_is_in_raw_twice(masking: Masking) -> None:
    """The last one counts in its column. The first is held against no type, so it is masked with the rest."""
    outcome = read("orders", '{"public_id": "o1", "status": "Jane", "status": 5, "one_click_token": "a"}', masking)
    assert isinstance(outcome, Accepted)
    assert outcome.raw.count('"status"') == 2
    assert ("Jane" in outcome.raw) == masking.keeps_personal
    assert json.loads(outcome.values)["status"] == json.loads(outcome.raw)["status"] == 5


@EVERY_MODE
def test_bytes_that_are_not_utf8_withhold_nothing_but_what_is_masked(masking: Masking) -> None:
    """The record is whole in quarantine, with these bytes written out."""
    body = b'{"public_id": "p1", "cc_type": 1, "token_id": "%b", "label": "zzq \xff\xfe"}' % CARD.encode()
    outcome = read("payments", body, masking)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "the record is not valid UTF-8"
    assert CARD not in outcome.raw
    assert (r"zzq \xff\xfe" in outcome.raw) == masking.keeps_personal
    assert ('"public_id": "p1", "cc_type": 1' in outcome.raw) == masking.keeps_personal


@EVERY_MODE
def test_refused_records_are_told_apart_by_what_came(masking: Masking) -> None:
    """Two that are shown alike have two digests; the same one has the same again, and none is a plain hash."""
    bodies = [b'{"token_id": "%d"}' % number for number in range(3)]
    keyed = Masking(masking.personal_data, masking.salt, digest_key=b"the API key")
    first, again = ([read("payments", body, keyed) for body in bodies] for _ in range(2))
    digests = [outcome.digest for outcome in first if isinstance(outcome, Refused)]
    assert len(set(digests)) == 3
    assert digests == [outcome.digest for outcome in again if isinstance(outcome, Refused)]
    assert digests != [outcome.digest for outcome in (read("payments", body) for body in bodies)]  # type: ignore[union-attr]
    assert keyed.digest(b"x") not in repr(keyed)
    assert "API key" not in repr(keyed)


@EVERY_MODE
def test_a_megabyte_of_backslashes_is_no_matter(masking: Masking) -> None:
    """Each of them could begin a name in a text in a text; read anew from each, they would take hours."""
    body = f'{{"public_id": "a", "n": NaN, "card_number": "{CARD}", "x": "{"".ljust(1_000_000, chr(92))}"}}'
    assert CARD not in all_of(read("items", body, masking))

"""What of a webhook event is stored: its envelope, its ids and its codes, not the person it is about."""

import json

import pytest

from og_assets.ordergroove.event_mask import mask_event
from og_assets.ordergroove.masking import Masking, PersonalData

SALT = b"0123456789abcdef0123456789abcdef"
KEEP, HASH, DROP = Masking(), Masking(PersonalData.HASH, SALT), Masking(PersonalData.DROP, SALT)

EVENT = {
    "id": "evt_1",
    "type": "order.delete",
    "created": 1735689600,
    "unheard_of": "zzq",
    "data": {
        "object": {
            "type": "order",
            "public_id": "o1",
            "customer": "c1",
            "status": 1,
            "status_display": "Unsent",
            "total": "10.00",
            "place": "2025-01-31",
            "rejected_message": "zzq told us",
            "extra_data": {"merged_order_id": "o2", "note": "zzq"},
            "one_click_token": "tok-zzq",
            "tries": "zzq failed its type",
            "quantity": 15550199777,
            "cancelled": 5550199777,
            "locale": 15550199777,
            "shipping_address": ["zzq"],
            "payments": ["zzq"],
            "currency_code": {"who": "zzq"},
            "unheard_of": ["zzq"],
        }
    },
    "context": {"source": "PurchasePOST", "agent": "zzq"},
    "snapshot": {
        "customer": {"merchant_user_id": "c1", "email": "zzq@example.com", "phone_number": "+1 516 zzq"},
        "addresses": [{"public_id": "a1", "address": "1 zzq St", "zip_postal_code": "zzq", "country_code": "US"}],
        "payments": [{"public_id": "p1", "token_id": "tok-zzq", "cc_number_ending": "zzq", "cc_type": 1}],
        "subscriptions": [{"public_id": "s1", "grantees": [{"external_id": "g1", "name": "zzq"}]}],
        "unheard_of": [{"public_id": "zzq"}],
    },
}


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
def test_event_keeps_what_is_known_to_be_harmless(masking: Masking) -> None:
    """Ids and codes stay, at both levels at which the documents show a snapshot; all else does not."""
    masked = mask_event(json.dumps(EVENT).encode(), masking)
    assert b"zzq" not in masked
    assert b"5550199777" not in masked
    event = json.loads(masked)
    assert (event["id"], event["type"], event["created"]) == ("evt_1", "order.delete", 1735689600)
    told = event["data"]["object"]
    for name in ("type", "public_id", "customer", "status", "status_display", "total", "place"):
        assert told[name] == EVENT["data"]["object"][name], name  # type: ignore[index]
    assert told["extra_data"]["merged_order_id"] == "o2"
    assert event["context"]["source"] == "PurchasePOST"
    assert event["snapshot"]["customer"]["merchant_user_id"] == "c1"
    assert event["snapshot"]["addresses"][0]["country_code"] == "US"
    assert event["snapshot"]["payments"][0]["cc_type"] == 1
    assert event["snapshot"]["subscriptions"][0]["grantees"][0]["external_id"] == "g1"
    inside = mask_event(json.dumps({"id": "e", "data": {"snapshot": EVENT["snapshot"]}}).encode(), masking)
    assert b"zzq" not in inside
    assert b'"a1"' in inside


def test_subscribers_and_their_subscriptions_stay_joined() -> None:
    """A subscriber has no public id: the shop's id and the list of subscriptions are what tells who it is."""
    body = {
        "id": "e",
        "data": {"object": {"merchant_user_id": "c1", "subscriptions": ["s1", "s2"], "email": "zzq@x.y"}},
    }
    told = json.loads(mask_event(json.dumps(body).encode(), HASH))["data"]["object"]
    assert (told["merchant_user_id"], told["subscriptions"]) == ("c1", ["s1", "s2"])
    assert told["email"].startswith("hmac:")


def test_keep_takes_only_the_secrets_out() -> None:
    """An event without a secret is stored byte for byte."""
    masked = mask_event(json.dumps(EVENT).encode(), KEEP)
    assert b"tok-zzq" not in masked
    assert b"zzq@example.com" in masked
    plain = b'{ "id": "e",  "data": {"object": {"email": "zzq@x.y"}} }'
    assert mask_event(plain, KEEP) is plain


@pytest.mark.parametrize("masking", [KEEP, HASH, DROP], ids=["keep", "hash", "drop"])
def test_masking_an_event_twice_is_masking_it_once(masking: Masking) -> None:
    """The receiver masks it, and the load once more."""
    once = mask_event(json.dumps(EVENT).encode(), masking)
    assert mask_event(once, masking) == once


@pytest.mark.parametrize("masking", [HASH, DROP], ids=["hash", "drop"])
def test_event_that_waited_in_clear_is_masked_when_it_is_loaded(masking: Masking) -> None:
    """Whoever changes the setting finds events in the inbox that came before."""
    kept = mask_event(json.dumps(EVENT).encode(), KEEP)
    assert b"zzq" not in mask_event(kept, masking)

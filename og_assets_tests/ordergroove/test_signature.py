"""Webhook signatures: made as Ordergroove makes them, accepted only over the same bytes."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from og_assets.ordergroove.signature import (
    Signature,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    SignatureStale,
    Verified,
    sign,
    signature_header,
)

NEW, OLD = "og-test-key-new", "og-test-key-old"
TS = 1735689605
BODY = (
    b'{"id":"evt_0001","type":"item.remove","created":1735689600,"data":{"object":{"type":"item",'
    b'"merchant":"aaaa1111bbbb2222cccc","public_id":"af43b5b05ed511ee9edcceb803f32292","customer":"m1234576",'
    b'"product":"SKUabc","order":"6789756e263d11eea3da0a20cdd8d0a2","subscription":null}},"context":null,"snapshot":{}}'
)
SIG_NEW = "f3284f74c28ac28d86cea8ca97d3d7b6ff06f8ac271085a8933bc3c8aaa2f8bb"
SIG_OLD = "ab162eac361a66eb4105de7e5d5cc3aee94953e37ed2a43fbe7a780a5227a5a9"
HEADER = f"ts={TS},sig={SIG_NEW},sig={SIG_OLD}"


def test_the_known_vector_is_reproduced_with_both_keys() -> None:
    """The one vector that can be recomputed; the digest printed in the documents cannot."""
    assert len(BODY) == 307
    assert sign(BODY, NEW, TS) == SIG_NEW
    assert sign(BODY, OLD, TS) == SIG_OLD
    assert signature_header(BODY, [NEW, OLD], TS) == HEADER


@pytest.mark.parametrize(("keys", "place"), [([NEW], 0), ([OLD], 0), (["other", OLD], 1), ([NEW, OLD], 0)])
def test_any_signature_under_any_key_verifies(keys: list[str], place: int) -> None:
    """While a key is exchanged, either side may be the first to know the new one; the newest that fits is told."""
    assert Signature.parse(HEADER).verify(BODY, keys) == Verified(TS, place)


def test_order_and_blanks_of_the_parts_do_not_matter() -> None:
    """Unknown parts are left alone."""
    header = f" sig={SIG_OLD} , v=2, word, ts = {TS} "
    assert Signature.parse(header).verify(BODY, [OLD]) == Verified(TS, 0)


@pytest.mark.parametrize(
    "body", [BODY + b"\n", BODY.replace(b'"id"', b' "id"'), BODY[:-1], b"", BODY.replace(b"SKUabc", b"SKUabd")]
)
def test_another_body_does_not_verify(body: bytes) -> None:
    """Not even one that means the same JSON."""
    with pytest.raises(SignatureMismatch):
        Signature.parse(HEADER).verify(body, [NEW, OLD])


def test_another_time_does_not_verify() -> None:
    """The time is signed as it was written."""
    for ts in (f"{TS + 1}", f"0{TS}"):
        with pytest.raises(SignatureMismatch):
            Signature.parse(f"ts={ts},sig={SIG_NEW}").verify(BODY, [NEW])


@pytest.mark.parametrize(
    "header",
    [
        "", "ts", "=", f"sig={SIG_NEW}", f"sig={SIG_NEW},sig={SIG_OLD}", f"ts={TS}", f"ts={TS},ts={TS},sig={SIG_NEW}",
        f"ts=,sig={SIG_NEW}", f"ts=-1,sig={SIG_NEW}", f"ts=1.5,sig={SIG_NEW}", f"ts=²,sig={SIG_NEW}",
        f"ts=now,sig={SIG_NEW}", f"ts={'9' * 5000},sig={SIG_NEW}", f"TS={TS},sig={SIG_NEW}",
    ],
)  # fmt: skip
def test_a_header_without_exactly_one_time_and_a_signature_is_malformed(header: str) -> None:
    """Two signatures without a time are in an old sample; nothing can be verified with them."""
    with pytest.raises(SignatureMalformed):
        Signature.parse(header)


def test_no_header_is_told_apart_from_a_bad_one() -> None:
    """An operator looks for the one in a proxy, for the other in the keys."""
    with pytest.raises(SignatureMissing):
        Signature.parse(None)


@pytest.mark.parametrize("digest", ["", SIG_NEW[:-1], SIG_NEW.upper(), "ü" * 64, "0" * 64])
def test_a_digest_that_differs_is_a_mismatch(digest: str) -> None:
    """Whatever it is made of."""
    with pytest.raises(SignatureMismatch):
        Signature.parse(f"ts={TS},sig={digest}").verify(BODY, [NEW])


@pytest.mark.parametrize("now", [TS - 300, TS, TS + 300])
def test_within_the_tolerance_a_signature_is_accepted(now: float) -> None:
    """Before and after, for neither clock is right."""
    Signature.parse(HEADER).verify(BODY, [NEW], tolerance=300, now=now)


@pytest.mark.parametrize("now", [TS - 301, TS + 301])
def test_outside_of_the_tolerance_it_is_stale(now: float) -> None:
    """Only what is rightly signed is called stale; without a tolerance its age does not matter."""
    with pytest.raises(SignatureStale):
        Signature.parse(HEADER).verify(BODY, [NEW], tolerance=300, now=now)
    with pytest.raises(SignatureMismatch):
        Signature.parse(HEADER).verify(BODY, ["another"], tolerance=300, now=now)
    Signature.parse(HEADER).verify(BODY, [NEW], now=now)


def test_a_tolerance_without_the_time_is_a_mistake() -> None:
    """It would accept everything."""
    with pytest.raises(ValueError, match="pass now"):
        Signature.parse(HEADER).verify(BODY, [NEW], tolerance=300)


@pytest.mark.parametrize("keys", [[], [""], [NEW, ""], ["schlüssel"]])
def test_keys_that_cannot_be_keys_are_refused_and_not_quoted(keys: list[str]) -> None:
    """With an empty key anyone could sign."""
    with pytest.raises(ValueError, match="webhook key") as caught:
        Signature.parse(HEADER).verify(BODY, keys)
    assert "schl" not in str(caught.value)


def test_every_digest_is_compared_with_every_key_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first fits."""
    compared = []
    compare = hmac.compare_digest

    def spy(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    Signature.parse(HEADER).verify(BODY, [NEW, OLD, "third"])
    assert len(compared) == 6


@given(st.text())
def test_any_header_is_read_or_refused(header: str) -> None:
    """With no other error, and what is read does not verify by chance."""
    try:
        signature = Signature.parse(header)
    except SignatureMalformed:
        return
    with pytest.raises(SignatureMismatch):
        signature.verify(BODY, [NEW])


@given(st.binary(), st.integers(0, 2**40), st.lists(st.text(st.characters(codec="ascii"), min_size=1), min_size=1))
def test_what_is_signed_verifies(body: bytes, timestamp: int, keys: list[str]) -> None:
    """For any body, time and keys."""
    header = signature_header(body, keys, timestamp)
    assert Signature.parse(header).verify(body, keys[-1:]).timestamp == timestamp

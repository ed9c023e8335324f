"""Webhook signatures: what Ordergroove writes into `Ordergroove-Signature`, made and verified. Pure.

The header is `ts=<epoch seconds>,sig=<hex>`, for a day after a key was regenerated with a second `sig`
made with the former key. A `sig` is the HMAC-SHA256 of `<ts>.<raw body>` (reference: webhooks-overview).

    SignatureError
    ├── SignatureMissing     there is no such header
    ├── SignatureMalformed   the header does not have exactly one readable `ts` and at least one `sig`
    ├── SignatureMismatch    no `sig` was made with one of the keys over this body
    └── SignatureStale       rightly signed, but at a time outside of the tolerance
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

SIGNATURE_HEADER = "Ordergroove-Signature"
"""The name of the header; like every HTTP header it may come in any case."""

LONGEST_TIMESTAMP = 20


class SignatureError(Exception):
    """A body is not shown to come from Ordergroove. No message has anything of the request or of a key in it."""


class SignatureMissing(SignatureError):
    """There is no signature header."""


class SignatureMalformed(SignatureError):
    """The signature header cannot be read."""


class SignatureMismatch(SignatureError):
    """No signature fits the body under any of the keys."""


class SignatureStale(SignatureError):
    """A right signature whose `ts` is further from now than the tolerance: sent again by someone, or a wrong clock."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A body is what the holder of a key sent: `timestamp` in epoch seconds, `key` the place of its key among ours."""

    timestamp: int
    key: int


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature header, read and not yet verified. `timestamp` stays as it was written, for it is what was signed."""

    timestamp: str
    digests: tuple[str, ...]

    @classmethod
    def parse(cls, header: str | None) -> Self:
        """Read a header; parts with other names are left alone. Raises SignatureMissing or SignatureMalformed."""
        if header is None:
            raise SignatureMissing("there is no Ordergroove-Signature header")
        parts = [
            (name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in header.split(","))
        ]
        timestamps = [value for name, value in parts if name == "ts"]
        digests = tuple(value for name, value in parts if name == "sig")
        if len(timestamps) != 1 or not _is_whole_number(timestamps[0]):
            raise SignatureMalformed("the signature header needs exactly one ts, in epoch seconds")
        if not digests:
            raise SignatureMalformed("the signature header has no sig")
        return cls(timestamps[0], digests)

    def verify(
        self, body: bytes, keys: Sequence[str], *, tolerance: float | None = None, now: float | None = None
    ) -> Verified:
        """Verify against the raw body, as received, and every key.

        `tolerance` is how many seconds `ts` may lie before or after `now` (epoch seconds); None means
        any. Raises SignatureMismatch or SignatureStale, and ValueError for keys that cannot be keys
        or a tolerance without a `now`.
        """
        check_keys(keys)
        matched = None
        # Every pair is compared, so that the time taken tells neither which one fits nor how far one fits.
        for place in reversed(range(len(keys))):
            expected = sign(body, keys[place], self.timestamp).encode()
            for digest in self.digests:
                if hmac.compare_digest(digest.encode(), expected):
                    matched = place
        if matched is None:
            raise SignatureMismatch("no signature fits this body under any of the keys")
        timestamp = int(self.timestamp)
        if tolerance is not None:
            if now is None:
                raise ValueError("a tolerance needs to know the time: pass now")
            if abs(now - timestamp) > tolerance:
                raise SignatureStale(f"signed more than {tolerance:g} s away from now")
        return Verified(timestamp, matched)


def sign(body: bytes, key: str, timestamp: int | str) -> str:
    """The lowercase hex `sig` of a body that is sent at `timestamp` (epoch seconds), under a key of ASCII."""
    return hmac.new(key.encode("ascii"), f"{timestamp}.".encode("ascii") + body, hashlib.sha256).hexdigest()


def signature_header(body: bytes, keys: Iterable[str], timestamp: int) -> str:
    """The header value of a body sent at `timestamp` (epoch seconds), with one `sig` per key in their order."""
    return ",".join([f"ts={timestamp}", *(f"sig={sign(body, key, timestamp)}" for key in keys)])


def check_keys(keys: Sequence[str]) -> None:
    """Raise ValueError, without quoting one, unless there is at least one key and each is non-empty ASCII."""
    if not keys:
        raise ValueError("there is no webhook key to verify with")
    for number, key in enumerate(keys, start=1):
        # With an empty key anyone could sign.
        if not key or not key.isascii():
            raise ValueError(f"webhook key number {number} is empty or has characters that no key has")


def _is_whole_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_TIMESTAMP

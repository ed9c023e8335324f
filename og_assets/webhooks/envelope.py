"""The envelope of an event, read as far as the inbox needs it (reference: events-and-payloads). Pure."""

from dataclasses import dataclass

import msgspec

from og_assets.ordergroove.json_text import BrokenBody, cut_object, text_of

LATEST_EPOCH = 253_402_300_799
"""The last second of the year 9999; no later one is a time to any database."""


class BadEnvelope(Exception):
    """A body that no event can be told from; the message says why and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What tells an event from others: its id, its type, and when it happened (epoch seconds).

    Type and time are None where the body has none that can be used; the body itself is kept either way.
    """

    id: str
    type: str | None
    created: int | None


def read_envelope(body: bytes) -> Envelope:
    """Read an event as far as that. Raises BadEnvelope when it is no JSON object, or has no id.

    What is odd elsewhere in the body (a number that no float holds, half a surrogate pair) is no reason to refuse it:
    Ordergroove gives up what is refused too often, and with it, maybe, the only word of a deletion.
    """
    try:
        members = cut_object(body)
    except BrokenBody:
        raise BadEnvelope("the body is not a JSON object") from None
    return Envelope(
        _id(members.get("id", b"null")), _text(members.get("type", b"null")), _epoch(members.get("created", b"null"))
    )


def _id(value: bytes) -> str:
    """An id is a string; a whole number is taken as its text, since losing the event would be worse."""
    if value.removeprefix(b"-").isdigit():
        return value.decode()
    text = _text(value)
    if text is None or not text.strip():
        raise BadEnvelope("the event has no id")
    return text


def _text(value: bytes) -> str | None:
    """A string; halves of surrogate pairs, which no UTF-8 has, are written out."""
    return text_of(value).encode(errors="backslashreplace").decode() if value.startswith(b'"') else None


def _epoch(value: bytes) -> int | None:
    try:
        seconds = msgspec.json.decode(value, type=float)
    except msgspec.MsgspecError:
        return None
    return int(seconds) if 0 <= seconds <= LATEST_EPOCH else None

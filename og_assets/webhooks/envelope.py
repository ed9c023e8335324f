"""The envelope of an event, read as far as the inbox needs it (reference: events-and-payloads). Pure."""

from dataclasses import dataclass
from typing import Any

import msgspec

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
    """Read the JSON of an event. Raises BadEnvelope when it is no JSON, no object, or has no id."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise BadEnvelope("the body is not JSON") from None
    if not isinstance(content, dict):
        raise BadEnvelope("the body is not a JSON object")
    kind = content.get("type")
    return Envelope(_id(content.get("id")), kind if isinstance(kind, str) else None, _epoch(content.get("created")))


def _id(value: Any) -> str:
    """An id is a string; a whole number is taken as its text, since losing the event would be worse."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value
    raise BadEnvelope("the event has no id")


def _epoch(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST_EPOCH:
        return None
    return int(value)

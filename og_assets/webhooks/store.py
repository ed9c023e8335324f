"""What an inbox is made of, wherever it lies: events, and what can be done with them once it is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event as it was received.

    `created` is when it happened (epoch seconds, None when the body does not tell), `received_at` when
    it came (aware), `body` what was verified, with what must not be stored in clear masked.
    """

    id: str
    type: str | None
    created: int | None
    received_at: datetime
    body: bytes


class NoInboxYet(Exception):
    """Nothing was stored so far, so there is nothing to open."""


class Store(Protocol):
    """An open inbox, for one thread at a time. What the methods do, `Inbox` says; they raise their driver's errors."""

    def is_there(self) -> bool:
        """Whether it is still the inbox that whoever opens the place now would get."""

    def store_all(self, events: Sequence[InboxEvent]) -> list[bool]: ...  # noqa: D102 - as Inbox
    def probe(self) -> None: ...  # noqa: D102
    def after(self, position: int, limit: int) -> list[tuple[int, InboxEvent]]: ...  # noqa: D102
    def highest(self) -> int: ...  # noqa: D102
    def identity(self) -> str: ...  # noqa: D102
    def rewrite(self, bodies: Sequence[tuple[int, bytes]]) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102

    def trim_some(self, upto: int, received_before: datetime) -> int:
        """Delete a few thousand of the events that `Inbox.trim` is to delete; 0 when none is left."""


def in_utc(instant: datetime) -> datetime:
    """An instant in UTC; raises ValueError when it has no zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)

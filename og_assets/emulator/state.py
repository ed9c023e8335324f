"""What every part of a world shares: rows, clock, dice, journal of events, register of deletions."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from og_assets.emulator.eventbodies import event_body
from og_assets.emulator.schema import TABLES
from og_assets.emulator.store import Row, Store

PLACEMENT_ZONE = ZoneInfo("America/Chicago")
"""Placement hours are configured in Central time (guide: recurring-order-placement)."""

UNSENT, REJECTED, CANCELLED, SUCCESS, SEND_NOW = 1, 3, 4, 5, 6
CONNECTION_ERROR, GENERIC_ERROR, MERGED, CARD_RETRY = 13, 15, 17, 18
"""Order status codes (reference: order-status-codes)."""

RETRIED = (CONNECTION_ERROR, GENERIC_ERROR, CARD_RETRY)
"""Statuses that the next nightly placement takes up again."""


class WorldError(Exception):
    """The world was asked for something that it does not hold or that its rules do not allow."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a webhook would tell (reference: events-and-payloads); `object` is the body of that instant."""

    id: str
    type: str
    at: datetime
    object: Mapping[str, Any]

    def envelope(self) -> dict[str, Any]:
        """The event as the JSON that a webhook posts."""
        return {
            "id": self.id,
            "type": self.type,
            "created": int(self.at.timestamp()),
            "data": {"object": self.object},
            "context": None,
            "snapshot": {},
        }


class WorldState:
    """Rows, clock, dice and journals. `now` is an aware UTC datetime in whole seconds."""

    def __init__(self, seed: int, now: datetime, merchant: str | None) -> None:
        if now.tzinfo is None:
            raise WorldError("the clock of a world needs an aware datetime, such as datetime(2025, 6, 3, tzinfo=UTC)")
        self.store = Store()
        self.lock = self.store.lock
        self.rng = random.Random(seed)
        self.merchant = merchant or self.new_id()
        self.events: list[Event] = []
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._deleted: dict[str, dict[str, datetime]] = {name: {} for name in TABLES}

    @property
    def now(self) -> datetime:
        """The instant it is in the world."""
        return self._now

    @property
    def epoch(self) -> int:
        """The instant it is in the world, in epoch seconds."""
        return int(self._now.timestamp())

    @property
    def today(self) -> date:
        """The day it is where placement is configured (America/Chicago)."""
        return self._now.astimezone(PLACEMENT_ZONE).date()

    def new_id(self) -> str:
        """A fresh public id: 32 lowercase hex digits."""
        return f"{self.rng.getrandbits(128):032x}"

    def deleted(self, object_name: str) -> dict[str, datetime]:
        """The keys of deleted rows of an object and when each was deleted."""
        with self.lock:
            return dict(self._deleted[object_name])

    def row(self, object_name: str, key: str) -> Row:
        """The stored row (epoch stamps, cents, JSON text), or WorldError when there is none."""
        found = self.store.find(object_name, key)
        if found is None:
            raise WorldError(f"there is no row {key!r} in {object_name}")
        return found

    def touch(self, object_name: str, key: str) -> None:
        """Set the change stamp of a row to now; for an item, that of its order."""
        if object_name == "items":
            object_name, key = "orders", self.row("items", key)["order"]
        stamp = TABLES[object_name].stamp
        if stamp is None:
            raise WorldError(f"{object_name} carry no change stamp")
        self.change(object_name, key)

    def change(self, object_name: str, key: str, **changes: object) -> None:
        """Set fields of a row and move its change stamp."""
        stamp = TABLES[object_name].stamp
        if stamp is not None:
            changes[stamp] = self.epoch
        if not self.store.update(object_name, key, changes):
            raise WorldError(f"there is no row {key!r} in {object_name}")

    def remove(self, object_name: str, key: str) -> None:
        """Delete a row for good and register when."""
        self.row(object_name, key)
        self.store.delete(object_name, key)
        self._deleted[object_name][key] = self._now

    def emit(self, type: str, object_name: str, key: str) -> None:
        """Journal an event with the body that its object has now."""
        self.events.append(Event(self.new_id(), type, self._now, event_body(self, object_name, key)))


F = TypeVar("F", bound=Callable[..., Any])


def locked(method: F) -> F:
    """Make an operation of a world whole: no request is answered while it runs."""

    @wraps(method)
    def whole(self: WorldState, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast("F", whole)


def parsed(text: str | None) -> Any:
    """A JSON column as Python objects."""
    return None if text is None else json.loads(text)


def day_after(day: str, days: int) -> str:
    """The ISO day that many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()

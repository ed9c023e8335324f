"""The data of a world: rows, clock, dice, terms, habits, journals of events and skips, register of deletions.

What can be done with it are functions of a `Shop`, one module a subject; `World` gathers them.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, TypeVar, cast

from og_assets.emulator.shop.catalogue import Catalogue, Frequency
from og_assets.emulator.shop.clock import PLACEMENT_ZONE
from og_assets.emulator.shop.event_bodies import event_body
from og_assets.emulator.shop.people import Variation
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.shop.store import Row, Store


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


@dataclass(frozen=True, slots=True)
class Skip:
    """A box that somebody left out: what `subscription` had in `order`, due on the ISO day `due`, and was worth then.

    `whole` when the order was skipped and stays, not only the subscription's items in it.
    """

    subscription: str
    order: str
    due: str
    at: datetime
    by: str
    whole: bool
    units: int
    cents: int


@dataclass(frozen=True, slots=True)
class Habits:
    """What the dice of a world choose from; another kind of world is a world with other habits.

    `frequencies` are the rhythms of subscriptions, `variations` what makes some of them special, `happenings` what
    people do on a day. `outcomes(shop, order)` are the statuses that a nightly placement of an order ends in with
    their shares. Of a subscription's row, `currency` is what it is paid in, `next_day` the ISO day of the shipment
    after that of a day, `charge(subscription, cents)` what a unit costs it, and `shipped(shop, subscription, order)`
    runs when an order with it succeeded. Of the past, the last `lived_days` are lived through day by day. `pace` is how
    often things happen, 1 being usual.
    """

    frequencies: Sequence[Frequency]
    variations: Sequence[tuple[float, Variation]]
    outcomes: Callable[["Shop", str], Mapping[int, int]]
    happenings: Sequence[Callable[["Shop"], object]]
    currency: Callable[[Row], str]
    next_day: Callable[[Row, str], str]
    charge: Callable[[Row, int], int]
    shipped: Callable[["Shop", str, str], object]
    lived_days: int = 0
    pace: float = 1.0


class Shop:
    """A merchant's shop. `now` is an aware UTC datetime in whole seconds."""

    def __init__(self, seed: int, now: datetime, merchant: str | None, habits: Habits) -> None:
        if now.tzinfo is None:
            raise WorldError("the clock of a world needs an aware datetime, such as datetime(2025, 6, 3, tzinfo=UTC)")
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self.rng = random.Random(seed)
        self.merchant = merchant or self.new_id()
        self.habits = habits
        self.catalogue = Catalogue()
        self.store = Store()
        self.lock = self.store.lock
        self.events: list[Event] = []
        self.skips: list[Skip] = []
        self.remembers_since: datetime | None = None
        self._deleted: dict[str, dict[str, datetime]] = {name: {} for name in TABLES}

    @property
    def epoch(self) -> int:
        """The instant it is in the shop, in epoch seconds."""
        return int(self.now.timestamp())

    @property
    def today(self) -> date:
        """The day it is where placement is configured (America/Chicago)."""
        return self.now.astimezone(PLACEMENT_ZONE).date()

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
        self._deleted[object_name][key] = self.now

    def emit(self, type: str, object_name: str, key: str) -> None:
        """Journal an event with the body that its object has now."""
        id, row = self.new_id(), self.row(object_name, key)
        self.events.append(Event(id, type, self.now, event_body(self.store, self.merchant, object_name, row)))


F = TypeVar("F", bound=Callable[..., Any])


def locked(operation: F) -> F:
    """Make an operation on a shop whole: no request is answered while it runs."""

    @wraps(operation)
    def whole(shop: Shop, *args: Any, **kwargs: Any) -> Any:
        with shop.lock:
            return operation(shop, *args, **kwargs)

    return cast("F", whole)

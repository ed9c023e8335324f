"""What the past of a world is written with: boxes that ship again and again, and rows on their way to the store."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from og_assets.emulator.shop.clock import DAY_SECONDS, daytime, instant
from og_assets.emulator.shop.schema import TABLES
from og_assets.emulator.shop.state import Shop
from og_assets.emulator.shop.store import Row

BATCH = 5000
"""So many rows of a table go into the store at once."""

COLUMNS = {name: table.columns for name, table in TABLES.items()}


@dataclass(slots=True)
class Line:
    """What a subscription puts into each box: (product, component id, unit price) per item."""

    subscription: str
    offer: str
    percent_off: int
    quantity: int
    items: list[tuple[str, str | None, int]]
    components: str


@dataclass(slots=True)
class Box:
    """Subscriptions that ship together: one customer, address, payment and rhythm, until `ends` (epoch seconds)."""

    customer: str
    payment: str
    address: str
    currency: str
    state: str | None
    days: int
    lines: list[Line]
    ends: int | None


class Past:
    """The past of a shop up to its `now` (epoch seconds), written in order of creation."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.rng = shop.rng
        self.now = shop.epoch
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def later(self, at: int) -> int:
        """A moment in shop hours between `at` and now."""
        days = (self.now - at) // DAY_SECONDS
        if days < 2:
            return at
        return daytime(self.rng, instant(at).date() + timedelta(days=self.rng.randrange(1, days)))

    def add(self, table: str, row: Row) -> None:
        """Write a row."""
        self.append(table, tuple([row[column] for column in COLUMNS[table]]))

    def append(self, table: str, values: tuple[Any, ...]) -> None:
        """Write a row that is given as the table's columns in order."""
        rows = self._rows[table]
        rows.append(values)
        if len(rows) >= BATCH:
            self._flush(table)

    def flush(self) -> None:
        """Put what is still on its way into the store."""
        for table in list(self._rows):
            self._flush(table)

    def _flush(self, table: str) -> None:
        self.shop.store.load(table, self._rows[table])
        self._rows[table].clear()

"""The rows that a list is about, by index: a narrow window of stamps is looked up, anything wider is walked."""

from typing import Any

from og_assets.emulator.filters import Condition
from og_assets.emulator.shop.schema import TABLES, select
from og_assets.emulator.shop.store import Store

NARROW = 2000
"""Up to this many rows in a range of stamps are looked up and sorted; more, and the list is walked instead."""


class Listing:
    """The rows of an object that meet all conditions, in order of creation."""

    def __init__(self, store: Store, object_name: str, found: list[Condition]) -> None:
        self._store = store
        self._object = object_name
        stamps = [condition for condition in found if condition.stamp is not None]
        self._narrow = bool(stamps) and self._is_narrow(stamps)
        # A unary plus keeps SQLite from using a column's index: either the stamp's or the walk's, never the wrong one.
        self._id = f'{"+" if self._narrow else ""}"{object_name}".id'
        where = [
            condition.sql
            if condition.stamp is None or self._narrow
            else condition.sql.replace(condition.stamp, f"+{condition.stamp}")
            for condition in found
        ]
        self._where = " AND ".join(where) or "1"
        self._values = [value for condition in found for value in condition.values]
        orders_first = 'orders CROSS JOIN items ON items."order" = orders.public_id'
        self._select = select(object_name, orders_first if self._narrow and object_name == "items" else None)

    def _is_narrow(self, stamps: list[Condition]) -> bool:
        column = stamps[0].stamp or ""
        table, _, name = column.rpartition(".")
        if name not in TABLES[table or self._object].indexes:
            return False
        same = [condition for condition in stamps if condition.stamp == column]
        where = " AND ".join(condition.sql for condition in same)
        values = [value for condition in same for value in condition.values]
        rows = f'SELECT 1 FROM "{table or self._object}" WHERE {where} LIMIT {NARROW + 1}'
        return bool(self._store.tuples(f"SELECT count(*) FROM ({rows})", values)[0][0] <= NARROW)

    def rows(self, after: int, limit: int = -1, *, offset: int = 0, reverse: bool = False) -> list[tuple[Any, ...]]:
        """Up to `limit` rows behind (or, in `reverse`, before and backwards from) the internal id `after`."""
        sign, direction = ("<", "DESC") if reverse else (">", "ASC")
        sql = (
            f"{self._select} WHERE {self._where} AND {self._id} {sign} ? ORDER BY {self._id} {direction} "
            f"LIMIT {limit} OFFSET {offset}"
        )
        return self._store.tuples(sql, [*self._values, after])

    def count(self) -> int:
        """How many rows there are."""
        return int(self._store.tuples(f"SELECT count(*) FROM ({self._select} WHERE {self._where})", self._values)[0][0])

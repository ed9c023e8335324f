"""Holds the object tables of a warehouse against the truth of an emulated world, field by field."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.emulator.world import World
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.record_mask import mask_column

Key = tuple[str, ...]
Row = Mapping[str, Any]


@dataclass(slots=True)
class Comparison:
    """What a table has beside what the world has. Keys are those of the object.

    `deleted` counts rows of objects that the world has deleted: a poller cannot see that, so their
    rows stay, and are no difference.
    """

    rows: int = 0
    deleted: int = 0
    missing: list[Key] = field(default_factory=list)
    surplus: list[Key] = field(default_factory=list)
    repeated: list[Key] = field(default_factory=list)
    different: list[tuple[Key, str, Any, Any]] = field(default_factory=list)
    """Key, column, the value in the table, the value in the world."""

    @property
    def is_equal(self) -> bool:
        """Whether every row of the world is in the table once, with the same values, and nothing else."""
        return not (self.missing or self.surplus or self.repeated or self.different)

    def __str__(self) -> str:
        """The first differences, for a failing test or a person."""
        if self.is_equal:
            return f"{self.rows} rows equal"
        samples = {name: getattr(self, name)[:3] for name in ("missing", "surplus", "repeated", "different")}
        counts = {name: len(getattr(self, name)) for name in samples}
        return f"{counts}: {samples}"


def compare(
    connection: DuckDBPyConnection,
    world: World,
    object: OrdergrooveObject,
    masking: Masking,
    *,
    source: str | None = None,
    columns: Collection[str] | None = None,
) -> Comparison:
    """Compare `ordergroove.<object>` with the world as it is now, masked as the warehouse is.

    `source` is another table, view or call of a macro that has these `columns` of the object.
    """
    comparison = Comparison()
    compared = [column for column in object.columns if columns is None or column.name in columns]
    table = _table_rows(connection, object, source or f"ordergroove.{object.name}", compared, comparison)
    comparison.rows = len(table)
    expectations = [(column.name, _expectation(object.name, column, masking)) for column in compared]
    for truth in world.truth(object.name):
        key = tuple(str(truth[name]) for name in object.key)
        row = table.pop(key, None)
        if row is None:
            comparison.missing.append(key)
            continue
        for name, expectation in expectations:
            expected = expectation(truth) if expectation else truth.get(name)
            if row[name] != expected:
                comparison.different.append((key, name, row[name], expected))
    deleted = world.deleted(object.name)
    comparison.surplus = [key for key in table if key[0] not in deleted]
    comparison.deleted = len(table) - len(comparison.surplus)
    return comparison


@dataclass(frozen=True, slots=True)
class DeletionComparison:
    """What the warehouse holds deleted beside what the world has deleted, by object."""

    deleted: Mapping[str, int]
    unnoticed: list[tuple[str, str]]
    invented: list[tuple[str, str]]

    @property
    def is_equal(self) -> bool:
        """Whether exactly what was deleted after it was loaded is known to be."""
        return not (self.unnoticed or self.invented)


def compare_deletions(connection: DuckDBPyConnection, world: World) -> DeletionComparison:
    """Compare live tombstones, and rows marked as missing, with the world; rows that were never loaded do not count."""
    found = connection.execute(
        "SELECT object, id FROM analytics.deletion_tombstones WHERE lifted_at IS NULL"
        " UNION SELECT 'one_time_incentives', public_id FROM ordergroove.one_time_incentives WHERE is_missing"
    ).fetchall()
    loaded = connection.execute(
        "SELECT 'orders', public_id FROM ordergroove.orders UNION ALL SELECT 'items', public_id FROM ordergroove.items"
        " UNION ALL SELECT 'one_time_incentives', public_id FROM ordergroove.one_time_incentives"
    ).fetchall()
    known = {(object_name, key) for object_name, key in found} & set(loaded)
    objects = ("orders", "items", "one_time_incentives")
    truly = {(name, key) for name in objects for key in world.deleted(name)} & set(loaded)
    return DeletionComparison(
        deleted={name: sum(1 for object_name, _ in truly if object_name == name) for name in objects},
        unnoticed=sorted(truly - known),
        invented=sorted(known - truly),
    )


def _table_rows(
    connection: DuckDBPyConnection,
    object: OrdergrooveObject,
    source: str,
    compared: Sequence[Column],
    comparison: Comparison,
) -> dict[Key, dict[str, Any]]:
    names = [column.name for column in compared]
    readers = [(column.name, _READERS[column.kind]) for column in compared if column.kind in _READERS]
    columns = ", ".join(f'"{name}"' for name in names)
    cursor = connection.execute(f"SELECT {columns} FROM {source}")
    found: dict[Key, dict[str, Any]] = {}
    while rows := cursor.fetchmany(10_000):
        for values in rows:
            row = dict(zip(names, values, strict=True))
            for name, read in readers:
                row[name] = read(row[name])
            key = tuple(str(row[name]) for name in object.key)
            if key in found:
                comparison.repeated.append(key)
            found[key] = row
    return found


def _expectation(object_name: str, column: Column, masking: Masking) -> Callable[[Row], Any] | None:
    """What a column must have of a row of the world; None when that is the value of its name."""
    derive = _DERIVED.get((object_name, column.name))
    if not column.is_masked or (masking.keeps_personal and not column.secret):
        return derive

    def masked(truth: Row) -> Any:
        value = derive(truth) if derive else truth.get(column.name)
        return json.loads(mask_column(masking, column, json.dumps(value).encode()))

    return masked


def _stamp(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value else None


def _json(value: str | None) -> Any:
    return json.loads(value) if value is not None else None


_READERS: Mapping[Kind, Callable[[Any], Any]] = {Kind.STAMP: _stamp, Kind.JSON: _json}


def _inside(parent: str, name: str) -> Callable[[Row], Any]:
    return lambda truth: (truth[parent] or {}).get(name)


def _money_inside(parent: str, name: str) -> Callable[[Row], Any]:
    def amount(truth: Row) -> Decimal | None:
        value = (truth[parent] or {}).get(name)
        return None if value is None else Decimal(str(value))

    return amount


def _reason_number(truth: Row) -> int | None:
    digits = (truth["cancel_reason_code"] or "").split("|")[0]
    return int(digits) if digits.isdecimal() else None


_DERIVED: Mapping[tuple[str, str], Callable[[Row], Any]] = {
    ("subscriptions", "cancel_reason_code_number"): _reason_number,
    **{
        ("subscriptions", name): _inside("prepaid_subscription_context", name)
        for name in (
            "prepaid_orders_remaining",
            "prepaid_orders_per_billing",
            "renewal_behavior",
            "prepaid_origin_merchant_order_id",
        )
    },
    **{
        ("one_time_incentives", f"incentive_{name}"): _inside("incentive", name)
        for name in ("public_id", "type", "discount_type", "target")
    },
    ("subscriptions", "last_renewal_revenue"): _money_inside("prepaid_subscription_context", "last_renewal_revenue"),
    ("one_time_incentives", "incentive_value"): _money_inside("incentive", "value"),
}

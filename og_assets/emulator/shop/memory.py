"""A shop that remembers: how its rows stood at any instant since it was told to, however they were changed since."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from og_assets.emulator.shop.clock import STAMP_ZONE, instant
from og_assets.emulator.shop.reading import told
from og_assets.emulator.shop.schema import TABLES, select
from og_assets.emulator.shop.state import Shop, WorldError, locked

REMEMBERED = ("customers", "products", "offer_profiles", "subscriptions", "orders", "items")
"""Objects whose past the warehouse keeps, and so those whose past can be held against it."""


@locked
def remember(shop: Shop) -> None:
    """Remember from now on; what was before cannot be asked for. Costs a world that is not told to nothing."""
    if shop.remembers_since is None:
        shop.store.remember(REMEMBERED, lambda: shop.epoch)
        shop.remembers_since = shop.now


def truth_as_of(
    shop: Shop, object_name: str, at: datetime, *, stamp_zone: tzinfo = STAMP_ZONE
) -> Iterator[dict[str, Any]]:
    """The rows of an object as `truth` told them when the second `at` was over, or WorldError when it was too early.

    A row that was deleted in that second or before is not among them.
    """
    second = int(at.timestamp())
    if shop.remembers_since is None or second < shop.remembers_since.timestamp():
        raise WorldError(f"this world does not remember how its {object_name} stood at {at.astimezone(UTC):%F %T} UTC")
    tables = _as_of(object_name, second)
    if object_name == "items":
        tables += f' LEFT JOIN {_as_of("orders", second)} ON orders.public_id = items."order"'
    sql = f'{select(object_name, tables)} ORDER BY "{object_name}".id'
    return told(shop, object_name, shop.store.tuples(sql), stamp_zone)


def changes_of(shop: Shop, object_name: str, field: str) -> list[tuple[str, datetime, Any, Any]]:
    """Each change of a stored field of rows that stay: (key, instant, old value, new value), in order of time."""
    key = TABLES[object_name].key
    rows = shop.store.tuples(f"""
        SELECT "{key}", "until", value, next FROM (
            SELECT "{key}", "until", value, existed, rowid_, lead(value) OVER states AS next,
                lead(existed) OVER states AS existed_next
            FROM (
                SELECT id, "{key}", "until", existed, rowid AS rowid_, "{field}" AS value FROM "{object_name}_past"
                UNION ALL SELECT id, "{key}", NULL, 1, {2**62}, "{field}" FROM "{object_name}"
            )
            WINDOW states AS (PARTITION BY id ORDER BY rowid_)
        )
        WHERE existed AND existed_next AND value IS NOT next ORDER BY rowid_
    """)
    return [(found, instant(until), old, new) for found, until, old, new in rows]


def _as_of(object_name: str, second: int) -> str:
    """A table in FROM: for each internal id the first state that ended later, or else the row of now."""
    columns = ", ".join(f'"{column}"' for column in ("id", *TABLES[object_name].columns))
    later = f'SELECT min(rowid) FROM "{object_name}_past" WHERE "until" > {second} GROUP BY id'
    changed = f'SELECT id FROM "{object_name}_past" WHERE "until" > {second}'
    unchanged = f'SELECT {columns} FROM "{object_name}" WHERE id NOT IN ({changed})'
    former = f'SELECT {columns} FROM "{object_name}_past" WHERE existed AND rowid IN ({later})'
    return f'({unchanged} UNION ALL {former}) AS "{object_name}"'

"""Reading the warehouses of several merchants at once: each is a catalog, and schema `all_merchants` unites them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import once_free, turn_on_file
from og_assets.warehouse.errors import WarehouseMissing, WarehouseReadOnly
from og_assets.warehouse.hold_limit import HoldLimit, LimitedConnection
from og_assets.warehouse.place import FilePlace, Lake, Place, Where, place_of
from og_assets.warehouse.reading import HOLD_SECONDS, MEMORY_LIMIT, WAIT_SECONDS
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import literal, quoted

SCHEMA = "all_merchants"
RENAMED = " RENAME (merchant AS merchant_public_id)"
"""Ordergroove's own id of a merchant, which its objects call `merchant` too."""


@contextmanager
def read_all(
    warehouses: Mapping[str, Where], *, wait_seconds: float = WAIT_SECONDS, hold_seconds: float | None = HOLD_SECONDS
) -> Iterator[DuckDBPyConnection]:
    """The warehouses of these merchants for reading, for this block only.

    `all_merchants.orders` is the union of what the merchants have under that name in the schemas ordergroove and
    analytics, with a column `merchant`; a column of that name, Ordergroove's own id, is `merchant_public_id` there.
    `acme.ordergroove.orders` is one merchant's. Each warehouse is waited for at most `wait_seconds`, and no load of
    any can write while the block lasts: after `hold_seconds` all are given back.

    Raises WarehouseLocked, WarehouseMissing, NotAWarehouse, WarehouseReadOnly, WarehouseLetGo.
    """
    places = {name: place_of(where) for name, where in warehouses.items()}
    first = next(iter(places.values()))
    settings: dict[str, Any] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": os.cpu_count() or 2,
        "autoinstall_known_extensions": False,
        "python_scan_all_frames": hold_seconds is not None,
    }
    if all(place.is_lake for place in places.values()):
        hold_seconds = None
    with ExitStack() as stack:
        # In one order in all processes, so that two readers never wait for each other.
        files = sorted({place.path for place in places.values() if isinstance(place, FilePlace)})
        locks = [stack.enter_context(turn_on_file(path, wait_seconds, read_only=True)) for path in files]
        connection = stack.enter_context(duckdb.connect(config=settings))
        connection.execute("SET TimeZone = 'UTC'")
        for name, place in places.items():
            _attach(connection, name, place, wait_seconds)

        def give_back() -> None:
            for lock in locks:
                lock.release()

        limit = HoldLimit(connection, list(places), give_back, hold_seconds)
        _unite(connection, list(places))
        with limit:
            connection.execute(f"USE memory.{SCHEMA}")
            try:
                yield cast("DuckDBPyConnection", LimitedConnection(connection, first, limit))
            except duckdb.Error as error:
                if "attached in read-only mode" in str(error):
                    raise WarehouseReadOnly(first) from error
                raise


def _attach(connection: DuckDBPyConnection, name: str, place: Place, wait_seconds: float) -> None:
    if isinstance(place, Lake):
        from og_assets.warehouse.lake import attach, load_extensions

        if not place.exists():
            raise WarehouseMissing(place)
        load_extensions(connection)
        attach(connection, place, quoted(name), read_only=True)
    else:
        statement = f"ATTACH {literal(str(place))} AS {quoted(name)} (READ_ONLY)"
        once_free(place.path, lambda: connection.execute(statement), wait_seconds)


def _unite(connection: DuckDBPyConnection, merchants: list[str]) -> None:
    """A view for each name that any of the merchants has; what one lacks is left out of the union."""
    connection.execute(f"CREATE SCHEMA memory.{SCHEMA}")
    for name, meaning, owners in connection.execute(read_sql("tables_of_merchants.sql"), [merchants]).fetchall():
        parts = (
            f"SELECT {literal(owner['merchant'])} AS merchant, *{RENAMED if owner['has_id'] else ''}"
            f" FROM {quoted(owner['merchant'])}.{quoted(owner['schema'])}.{quoted(name)}"
            for owner in owners
        )
        view = f"memory.{SCHEMA}.{quoted(name)}"
        connection.execute(f"CREATE VIEW {view} AS {' UNION ALL BY NAME '.join(parts)}")
        if meaning:
            connection.execute(f"COMMENT ON VIEW {view} IS {literal(meaning)}")

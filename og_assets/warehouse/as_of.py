"""The warehouse as of an instant, for readers: there the names of the objects mean their state then."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from itertools import count

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.dialect import in_lake
from og_assets.warehouse.errors import WarehouseError
from og_assets.warehouse.schema import HISTORY_SINCE
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import literal, quoted

_numbers = count(1)
"""Of the catalogs that hold the names; the warehouse itself stays reachable under its own."""

_ALWAYS = ("order_statuses",)
"""Tables of schema ordergroove that do not change."""
_LOADED = ("ordergroove", "analytics")
"""Schemas whose other tables a lake shows as they were loaded by an instant."""
_SHOWN = "%Y-%m-%d %H:%M:%S"
_CURRENT = ("orders", "items")
"""Objects of which there is a view without what is deleted; as of an instant that is the same."""


class NoSuchInstant(WarehouseError):
    """What was given as an instant is none."""


class NoHistory(WarehouseError):
    """The warehouse has no history yet."""


def instant_of(given: str | date) -> datetime:
    """An aware instant: of a day its beginning, and of what has no zone, in UTC. Raises NoSuchInstant."""
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given.strip())
        except ValueError:
            raise NoSuchInstant(
                f"{given!r} is no instant; write a day or a time such as 2026-07-01 or 2026-07-01T12:00-05:00."
            ) from None
    if not isinstance(given, datetime):
        given = datetime.combine(given, time(), UTC)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def kept_since(connection: DuckDBPyConnection) -> datetime | None:
    """Since when states are kept in this warehouse; of the time before only what had not changed since is known."""
    found = connection.execute(
        "SELECT min(applied_at) FROM ops.schema_versions WHERE version >= ?", [HISTORY_SINCE]
    ).fetchone()
    return found[0].astimezone(UTC) if found and found[0] else None


@contextmanager
def shown_as_of(connection: DuckDBPyConnection, instant: datetime) -> Iterator[None]:
    """Let `ordergroove.orders` and others mean their state at `instant` (aware), for the time of the block.

    Schemas history and ops are there as well. Nothing else is in a file: other objects have no past, and what is
    derived is of now. A lake has their tables too, as they were loaded by then, as far back as it keeps snapshots.
    Raises NoHistory.
    """
    warehouse = quoted(str(connection.execute("SELECT current_database()").fetchall()[0][0]))
    then = f"as_of_{next(_numbers)}"  # a lake's readers in other threads have theirs in the same DuckDB
    connection.execute(f"ATTACH ':memory:' AS {then}")
    try:
        _name_states(connection, warehouse, then, instant)
        connection.execute(f"USE {then}")
        yield
    finally:
        with suppress(duckdb.Error, WarehouseError):  # a reader who held the file for too long has lost it by now
            connection.execute(f"USE {warehouse}")
            connection.execute(f"DETACH {then}")


def _name_states(connection: DuckDBPyConnection, warehouse: str, then: str, instant: datetime) -> None:
    listed = connection.execute(read_sql("list_tables.sql")).fetchall()
    tables = {(schema, name) for schema, name, kind, *_ in listed if kind == "table"}
    objects = [name for schema, name, *_ in listed if schema == "history" and ("ordergroove", name) in tables]
    loaded = [table for table in tables if table[0] in _LOADED and table[1] not in (*objects, *_ALWAYS)]
    loaded = loaded if _keeps_snapshot(connection, instant) else []
    if not objects and not loaded:
        raise NoHistory("The warehouse has no history yet: run `og sync` once with this release, then ask again.")
    for schema in ("ordergroove", "history", "ops", *(("analytics",) if loaded else ())):
        connection.execute(f"CREATE SCHEMA {then}.{schema}")
    as_of = read_sql("as_of_view.sql")
    for name in objects:
        for view in (name, *((f"{name}_current",) if name in _CURRENT else ())):
            connection.execute(
                as_of.format(
                    view=f"{then}.ordergroove.{quoted(view)}",
                    states=f"{warehouse}.history.{quoted(name)}",
                    instant=literal(instant.isoformat()),
                    meaning=literal(f"{name} as of {instant:{_SHOWN}} UTC."),
                )
            )
    for schema, name, *_, meaning in listed:
        if schema in ("history", "ops") or (schema == "ordergroove" and name in _ALWAYS):
            view = f"{then}.{quoted(schema)}.{quoted(name)}"
            connection.execute(f"CREATE VIEW {view} AS FROM {warehouse}.{quoted(schema)}.{quoted(name)}")
            connection.execute(f"COMMENT ON VIEW {view} IS {literal(meaning or '')}")
    for schema, name in loaded:
        view, at = f"{then}.{quoted(schema)}.{quoted(name)}", f"TIMESTAMPTZ {literal(instant.isoformat())}"
        with suppress(duckdb.CatalogException):  # it was made later
            connection.execute(
                f"CREATE VIEW {view} AS FROM {warehouse}.{quoted(schema)}.{quoted(name)} AT (TIMESTAMP => {at})"
            )
            connection.execute(f"COMMENT ON VIEW {view} IS {literal(f'{name} as loaded by {instant:{_SHOWN}} UTC.')}")


def _keeps_snapshot(connection: DuckDBPyConnection, instant: datetime) -> bool:
    """Whether the warehouse is a lake that can still be read as it was at an instant."""
    if not in_lake(connection):
        return False
    reaches = "SELECT min(snapshot_time) <= ? FROM ducklake_snapshots(current_database())"
    return bool(connection.execute(reaches, [instant]).fetchall()[0][0])

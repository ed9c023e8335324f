"""Where the objects stand, read out of `ops`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import Table, quoted


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """One object: its watermark and its last pull; instants are aware, None where there was none yet."""

    object: str
    watermark: datetime | None
    outcome: str | None
    started_at: datetime | None
    finished_at: datetime | None
    records: int | None
    inserted: int | None
    updated: int | None
    quarantined: int | None
    error: str | None


def read_status(connection: DuckDBPyConnection, objects: Iterable[str]) -> list[ObjectStatus]:
    """The status of each object, in the order given."""
    rows = connection.execute(read_sql("object_status.sql"), [list(objects)]).fetchall()
    return [ObjectStatus(*row) for row in rows]


def finished_pull(
    connection: DuckDBPyConnection,
    object_name: str,
    run_id: str,
    window_start: datetime | None,
    window_end: datetime | None,
) -> datetime | None:
    """When a run's pull of exactly this window began, on Ordergroove's clock; None unless it succeeded."""
    row = connection.execute(
        read_sql("finished_pull.sql"),
        {"object": object_name, "run_id": run_id, "window_start": window_start, "window_end": window_end},
    ).fetchone()
    return row[0] if row else None


def oldest_watermark(connection: DuckDBPyConnection, objects: Iterable[str]) -> tuple[datetime | None, list[str]]:
    """The oldest watermark there is, None before the first complete pull, and the objects that have none."""
    statuses = read_status(connection, objects)
    known = [status.watermark for status in statuses if status.watermark is not None]
    return min(known, default=None), [status.object for status in statuses if status.watermark is None]


@dataclass(frozen=True, slots=True)
class WholeReading:
    """The last complete pull of all of an object: when it began (aware, our clock), and how long it took."""

    started_at: datetime
    took: timedelta


def last_whole_reading(connection: DuckDBPyConnection, object_name: str) -> WholeReading | None:
    """The last complete pull of all of the object; None before the first."""
    row = connection.execute(read_sql("last_whole_reading.sql"), [object_name]).fetchone()
    return WholeReading(row[0].astimezone(UTC), row[1]) if row else None


def named_keys(
    connection: DuckDBPyConnection, object_name: str, columns: Sequence[str], named: Table, sync_id: int, limit: int
) -> tuple[list[str], int]:
    """Keys of the table `named` in these `columns` of the rows that a pull of the object wrote, and how many there are.

    At most `limit` of them, those that the table does not have first.
    """
    naming = " UNION ".join(
        f"SELECT {quoted(column)} AS key FROM ordergroove.{quoted(object_name)} WHERE _sync_id = $sync_id"
        for column in columns
    )
    sql = read_sql("named_keys.sql").format(naming=naming, table=named.qualified_name, key=quoted(named.key[0]))
    rows = connection.execute(sql, {"sync_id": sync_id, "limit": limit}).fetchall()
    return [key for key, _ in rows], rows[0][1] if rows else 0

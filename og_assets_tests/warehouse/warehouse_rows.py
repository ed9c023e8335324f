"""A table with every kind of column, and rows and pulls for it. Used by tests and by the processes they start."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.columns import Column, Kind
from og_assets.warehouse.load import (
    Batch,
    BatchCounts,
    SyncRun,
    begin_sync,
    load_batch,
)
from og_assets.warehouse.progress import SyncPlan
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.warehouse.tables import Table, ensure_tables

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = Table(
    schema="ordergroove",
    name="orders",
    key=("public_id",),
    columns=(
        Column("public_id", Kind.TEXT, "Order id."),
        Column("tries", Kind.INTEGER, "Placement attempts."),
        Column("status", Kind.SMALLINT, "Status code."),
        Column("total", Kind.MONEY, "Grand total."),
        Column("created", Kind.STAMP, "When it was created, UTC."),
        Column("place", Kind.DAY, "Placement day; the merchant's calendar."),
        Column("locked", Kind.FLAG, "Whether it can't be edited."),
        Column("extra_data", Kind.JSON, "Free keys and values."),
    ),
    description="Orders, each as last fetched.",
)
GROUPS = Table(
    schema="ordergroove",
    name="product_groups",
    key=("group_type", "name"),
    columns=(Column("group_type", Kind.TEXT, "Type."), Column("name", Kind.TEXT, "Name.")),
    description="Product groups.",
)


def order(public_id: str, *, fetched: datetime = NOON, notes: str | None = None, **values: Any) -> dict[str, Any]:
    """A staged row of an order, whose raw record is its values."""
    values = {"created": "2026-01-05T10:00:00", **values}
    return {
        "public_id": public_id,
        **values,
        "_synced_at": fetched.isoformat(),
        "_raw": json.dumps({"public_id": public_id, **values}),
        "_notes": notes,
    }


def line(row: Mapping[str, Any]) -> bytes:
    """`row` as a line for staging."""
    return json.dumps(row).encode()


def begin(connection: DuckDBPyConnection, object_name: str = "orders", **differing: Any) -> SyncRun:
    """A pull of `object_name` that begins."""
    values = {
        "run_id": "run",
        "mode": "sync",
        "window_start": NOON - timedelta(days=1),
        "window_end": None,
        "filters": {"updated_start": "2026-02-28 07:00:00"},
        "watermark_before": None,
        "started_at": NOON,
        **differing,
    }
    return begin_sync(connection, SyncPlan(object_name=object_name, **values))


def load(
    connection: DuckDBPyConnection,
    path: Path,
    run: SyncRun,
    rows: Iterable[Mapping[str, Any] | bytes],
    *,
    table: Table = ORDERS,
    **batch: Any,
) -> BatchCounts:
    """Stage `rows` beside the warehouse at `path` and load them as one batch."""
    with Staging(staging_folder(path), table) as staging:
        staging.write_page(row if isinstance(row, bytes) else line(row) for row in rows)
        segment = staging.close_segment()
        ensure_tables(connection, [table])
        return load_batch(connection, table, run, Batch(segment=segment, **batch))


def stored(connection: DuckDBPyConnection, columns: str = "public_id, status, _sync_id") -> list[tuple[Any, ...]]:
    """These columns of all orders, by key."""
    return connection.execute(f"SELECT {columns} FROM ordergroove.orders ORDER BY public_id").fetchall()

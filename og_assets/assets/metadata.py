"""What people read about an object asset in Dagster: its description, its columns, the figures of its last pull."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.pull import PullReport
from og_assets.warehouse.tables import Table


def describe(object: OrdergrooveObject) -> str:
    """The asset's description: its grain, how it is read, its reference page."""
    key = " and ".join(f"`{name}`" for name in object.key)
    read = (
        f"Read incrementally by `{object.start_param}` and upserted"
        if object.is_incremental
        else "The API has no time filter for it, so each run reads it whole and upserts it"
    )
    return (
        f"{object.record.__doc__} One row per {key}.\n\n{read}; stamps are UTC, `_raw` has the record as received.\n\n"
        f"[API reference: {object.reference_page}]({object.reference_url})"
    )


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with type and meaning, as Dagster shows them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.required),
            )
            for column in table.stored_columns
        ]
    )


def table_metadata(table: Table) -> Mapping[str, Any]:
    """What is true of the table whichever run made it."""
    return {"dagster/table_name": f"{table.schema}.{table.name}", "dagster/column_schema": column_schema(table)}


def pull_metadata(report: PullReport) -> Mapping[str, Any]:
    """The figures of one pull, the same as in its row of `ops.sync_runs`."""
    progress = report.progress
    return {
        "sync_id": report.sync_id,
        "window": _window(report),
        "filters_sent": dict(report.filters),
        "watermark_before": _instant(report.watermark_before),
        "watermark_after": _instant(report.watermark_after),
        "pages": progress.pages,
        "requests": progress.requests,
        "retries": dict(progress.retries),
        "records": progress.records,
        "inserted": report.counts.inserted,
        "updated": report.counts.updated,
        "unchanged": report.counts.unchanged,
        "quarantined": report.quarantined,
        "noted": progress.noted,
        "bytes": progress.bytes,
        "slowest_response_seconds": progress.slowest_response_seconds or 0.0,
        "clock_skew_seconds": progress.clock_skew_seconds or 0.0,
        "seconds": round(report.seconds, 2),
    }


def _window(report: PullReport) -> str:
    window = report.window
    if window.start is None:
        return "whole history"
    return f"{_instant(window.start)} to {_instant(window.end) if window.end else 'now'}"


def _instant(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant else "none"

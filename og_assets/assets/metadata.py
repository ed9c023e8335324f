"""What people read about an asset in Dagster: what it is, whose it is, its columns, the figures of its last run."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from og_assets.ordergroove.objects import REFERENCE, OrdergrooveObject
from og_assets.sync.pull import PullReport
from og_assets.warehouse.tables import Storable, StoredColumn

GUIDES = "https://developer.ordergroove.com/docs/"
OWNERS = ("team:data-engineering",)
"""Whom Dagster names as the owners of every asset."""

CAVEATS: Mapping[str, str] = {
    "customers": "The key is the id of the merchant's shop; Ordergroove gives customers none of its own.",
    "addresses": "`live` says whether an order or a subscription uses it; one that none uses stays.",
    "payments": "Tokens and card data are never stored in clear, whatever `ORDERGROOVE_PII` says.",
    "products": "It is Ordergroove's copy of the shop's feed; what customers pay is on the items.",
    "offer_profiles": "The API has no time of change: `_synced_at` is when this state was first seen.",
    "subscriptions": "A cancelled one stays, with `live` false and `cancelled` set.",
    "orders": "Ordergroove deletes orders for good and no list says so; `orders_current` is without the deleted ones.",
    "items": "It has no time of change of its own but its order's; `items_current` is without the deleted ones.",
    "one_time_incentives": "One that is removed is announced nowhere; it becomes `is_missing`.",
    "product_groups": "Groups have no id: a renamed one is another row, and the old one becomes `is_missing`.",
    "resources": "One that is no longer listed becomes `is_missing`.",
    "cancel_reasons": "Subscriptions name it in `cancel_reason_code`, in several spellings: join with care.",
}
"""What a reader of an object's table would otherwise get wrong."""


def describe(object: OrdergrooveObject) -> str:
    """The asset's description: what it is, its grain, its caveat, how it is read, its reference page."""
    key = " and ".join(f"`{name}`" for name in object.key)
    read = (
        f"Each run reads what changed (`{object.start_param}`) and upserts it."
        if object.is_incremental
        else "The API has no time filter for it, so all of it is read; rows it leaves out become `is_missing`. Each "
        "sync reads it; where that takes five minutes or `ORDERGROOVE_READ_EVERY` says so, only the one at night."
    )
    return (
        f"{object.record.__doc__} One row per {key}. {CAVEATS[object.name]}\n\n"
        f"{read} Stamps are UTC; `_raw` has the record as received.\n\n"
        f"{reference_link(object.reference_page)}"
    )


def reference_link(page: str) -> str:
    """A link to a page of Ordergroove's API reference."""
    return f"[Ordergroove API reference: {page}]({REFERENCE}{page})"


def guide_link(page: str) -> str:
    """A link to one of Ordergroove's guides."""
    return f"[Ordergroove guide: {page}]({GUIDES}{page})"


def object_tags(object: OrdergrooveObject) -> Mapping[str, str]:
    """By what people look for object assets: how they are read, and whether they tell about persons."""
    personal = any(column.is_masked for column in object.columns)
    return {"read": "incremental" if object.is_incremental else "whole", "personal_data": str(personal).lower()}


def column_schema(columns: tuple[StoredColumn, ...]) -> dg.TableSchema:
    """The columns of a table with type and meaning, as Dagster shows them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.required),
            )
            for column in columns
        ]
    )


def table_metadata(table: Storable) -> Mapping[str, Any]:
    """What is true of a table whichever run made it."""
    return {
        "dagster/table_name": f"{table.schema}.{table.name}",
        "dagster/column_schema": column_schema(table.stored_columns),
    }


def pull_metadata(report: PullReport) -> Mapping[str, Any]:
    """The figures of one pull, the same as in its row of `ops.sync_runs`: a table to read, and numbers to plot."""
    progress = report.progress
    return {
        "sync": dg.MetadataValue.md(pull_summary(report)),
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


def pull_summary(report: PullReport) -> str:
    """One pull as a small table in Markdown."""
    progress, counts = report.progress, report.counts
    retries = ", ".join(f"{count:,} after {cause}" for cause, count in sorted(progress.retries.items()))
    return markdown_table(
        {
            "Window": _window(report),
            "Pages": f"{progress.pages:,}",
            "Records": f"{progress.records:,}",
            "Inserted": f"{counts.inserted:,}",
            "Updated": f"{counts.updated:,}",
            "Unchanged": f"{counts.unchanged:,}",
            "Quarantined": f"{report.quarantined:,}",
            "Retries": retries or "none",
            "Time": f"{report.seconds:,.1f} s",
        }
    )


def markdown_table(rows: Mapping[str, str]) -> str:
    """Names and values as a table of two columns."""
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def _window(report: PullReport) -> str:
    window = report.window
    if window.start is None and window.end is None:
        return "whole history"
    until = _instant(window.end) if window.end else "now"
    return f"{_instant(window.start) if window.start else 'the beginning'} to {until}"


def _instant(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant else "none"

"""Which columns each column of a derived table is made of: stated here once, shown by Dagster.

A test changes every column of the sources in turn, derives again, and sees just these columns change.
"""

from collections.abc import Mapping

import dagster as dg

from og_assets.assets.scope import Scope
from og_assets.warehouse.analytics import ORDER_TOTALS

_ASSETS = {
    "subscriptions": "ordergroove/subscriptions",
    "orders": "ordergroove/orders",
    "items": "ordergroove/items",
    "events": "ordergroove/events",
    "orders_sweep": "ops/orders_sweep",
    "items_sweep": "ops/items_sweep",
    "tombstones": "analytics/deletion_tombstones",
    "bridge": "analytics/items_orders_bridge",
    "deletion_tombstones": "analytics/deletion_tombstones",
    "items_orders_bridge": "analytics/items_orders_bridge",
}

_TERMS = " ".join(
    f"subscriptions.{name}"
    for name in (
        "live", "product", "quantity", "every", "every_period", "price", "offer", "components", "payment",
        "shipping_address", "renewal_behavior", "prepaid_orders_remaining", "prepaid_orders_per_billing",
    )
)  # fmt: skip
"""Through history.subscriptions, of which the asset of subscriptions is the keeper."""

LINEAGE: Mapping[str, Mapping[str, str]] = {
    "deletion_tombstones": {
        "object": "events.type orders_sweep.object items_sweep.object",
        "id": "events.object_id orders_sweep.id items_sweep.id",
        "deleted_at": "events.event_at events.received_at orders_sweep.found_at items_sweep.found_at",
        "deleted_after": "orders_sweep.last_seen_at items_sweep.last_seen_at",
        "detected_at": "events.received_at orders_sweep.found_at items_sweep.found_at",
        "source": "events.type orders_sweep.source items_sweep.source",
        "event_id": "events.event_id",
        "order": "items.order events.raw events.object_id orders_sweep.id",
        "subscription": "items.subscription events.raw",
        "customer": "orders.customer events.raw",
        "last_state": "orders._raw items._raw events.raw",
        "lifted_at": "orders._synced_at items._synced_at",
    },
    "items_orders_bridge": {
        "item": "items.public_id",
        "order": "items.order events.raw",
        "subscription": "items.subscription",
        "customer": "orders.customer",
        "product": "items.product",
        "offer": "items.offer",
        "quantity": "items.quantity",
        "price": "items.price",
        "total_price": "items.total_price",
        "one_time": "items.one_time",
        "order_status": "orders.status",
        "order_status_name": "orders.status",
        "place_date": "orders.place_date",
        "order_merchant_id": "orders.order_merchant_id",
        "is_deleted": "tombstones.object tombstones.id tombstones.lifted_at",
        "order_found": "orders.public_id",
    },
    ORDER_TOTALS.name: {column: " ".join(origins) for column, origins in ORDER_TOTALS.made_of.items()},
    "order_status_changes": {
        "order": "orders.public_id events.object_id tombstones.id",
        "step": "orders._valid_from events.event_at events.received_at tombstones.deleted_at",
        "from_status": "orders.status events.type tombstones.object",
        "to_status": "orders.status events.type tombstones.object",
        "changed_at": "events.event_at events.received_at orders._valid_from orders.created tombstones.deleted_at"
        " tombstones.lifted_at",
        "changed_after": "orders._synced_at tombstones.deleted_after",
        "changed_by": "orders._synced_at tombstones.detected_at",
        "source": "events.event_id orders.status tombstones.id",
        "event_id": "events.event_id",
        "event_type": "events.type",
    },
    "subscription_changes": {
        "subscription": "subscriptions.public_id events.object_id",
        "customer": "subscriptions.customer",
        "what": "events.type subscriptions.live",
        "old_value": _TERMS,
        "new_value": _TERMS,
        "changed_at": "events.event_at events.received_at subscriptions._valid_from subscriptions.created"
        " subscriptions.cancelled",
        "changed_after": "subscriptions._synced_at",
        "changed_by": "subscriptions._synced_at",
        "source": "events.event_id subscriptions._valid_from",
        "event_id": "events.event_id",
    },
}
"""By derived table and column: the columns that it is made of, as `source.column`."""


def lineage_to_read(table: str) -> str:
    """The lineage of a derived table as a table in Markdown: Dagster's open UI shows no other."""
    lines = [f"| `{column}` | {origins.replace(' ', ', ')} |" for column, origins in LINEAGE[table].items()]
    return "\n".join(["| Column | Made of |", "|---|---|", *lines])


def column_lineage(scope: Scope, table: str) -> dg.TableColumnLineage:
    """The lineage of a derived table, as Dagster shows it."""
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(scope.key(*_ASSETS[source].split("/")), name)
                for source, _, name in (origin.partition(".") for origin in origins.split())
            ]
            for column, origins in LINEAGE[table].items()
        }
    )

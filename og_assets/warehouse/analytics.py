"""The derived tables of schema analytics, each as a value: one row a column, with its type, meaning and origins.

A test holds what columns are said to be made of against what the SQL does.
"""

from collections.abc import Sequence

from og_assets.warehouse.checks import NONE, Check, Limit, filled_in
from og_assets.warehouse.derived_table import DerivedTable

_ORDER_STEPS = tuple(
    f"order.{step}"
    for step in (
        "create", "send_now", "skip_order", "cancel", "success", "reject", "generic_error",
        "retryable_placement_failure", "awaiting_retry_instructions", "delete",
    )
)  # fmt: skip
_SUBSCRIPTION_CHANGES = tuple(
    f"subscription.{change}"
    for change in (
        "create", "created", "cancel", "cancelled", "change_live", "reactivate", "sku_swap", "change_quantity",
        "change_frequency", "change_components", "change_payment", "change_shipping_address",
    )
)  # fmt: skip
"""Types of the events that the timelines tell of (reference: webhooks-order-events, webhook-subscription-events)."""

_TERMS = " ".join(
    f"subscriptions.{name}"
    for name in (
        "live", "product", "quantity", "every", "every_period", "price", "offer", "components", "payment",
        "shipping_address", "renewal_behavior", "prepaid_orders_remaining", "prepaid_orders_per_billing",
    )
)  # fmt: skip
"""Through history.subscriptions, of which the asset of subscriptions is the keeper."""


def _each_event_once(table: str, types: Sequence[str]) -> Check:
    return Check(
        "each_event_once",
        "Each webhook of the kinds that it tells of is in exactly one row.",
        filled_in("check_events_in_timeline.sql", table=table, types=", ".join(f"'{type}'" for type in types)),
        f"SELECT count(event_id) FROM analytics.{table}",
        error=NONE,
    )


# fmt: off
TOMBSTONES = DerivedTable(
    name="deletion_tombstones",
    description="One row per order or item that was found deleted. A row with lifted_at is history: the object was "
        "fetched again later.",
    key=("object", "id"),
    depends_on=("events", "orders_sweep", "items_sweep"),
    personal=True,
    counted="lifted_at IS NULL",
    columns=(
        ("object", "VARCHAR NOT NULL", "orders or items.", "events.type orders_sweep.object items_sweep.object"),
        ("id", "VARCHAR NOT NULL",
            "public_id of the deleted order or item.", "events.object_id orders_sweep.id items_sweep.id"),
        ("deleted_at", "TIMESTAMPTZ NOT NULL",
            ("When it was deleted: the time of the event, or, without one, when it was found gone (it happened "
            "between deleted_after and this)."),
            "events.event_at events.received_at orders_sweep.found_at items_sweep.found_at"),
        ("deleted_after", "TIMESTAMPTZ", "When it was last known to exist; null when an event tells the time.",
            "orders_sweep.last_seen_at items_sweep.last_seen_at"),
        ("detected_at", "TIMESTAMPTZ NOT NULL",
            "When we first knew, our clock.", "events.received_at orders_sweep.found_at items_sweep.found_at"),
        ("source", "VARCHAR NOT NULL",
            ("webhook, sweep (missing among the open ones) or order_items (missing among the items of its order). A "
            "webhook comes first, it has the time."),
            "events.type orders_sweep.source items_sweep.source"),
        ("event_id", "VARCHAR", "The event (ordergroove.events), for source webhook.", "events.event_id"),
        ("order", "VARCHAR", "The order itself, or the order that the item was last in.",
            "items.order events.raw events.object_id orders_sweep.id"),
        ("subscription", "VARCHAR",
            "Subscription of the item; null for one-time items and for orders.", "items.subscription events.raw"),
        ("customer", "VARCHAR", "Customer id in the shop.", "orders.customer events.raw"),
        ("last_state", "JSON", "The record as last fetched; as the event told it when it was never fetched.",
            "orders._raw items._raw events.raw"),
        ("lifted_at", "TIMESTAMPTZ",
            "When it was fetched again after all, which proves that it exists; null while the tombstone holds.",
            "orders._synced_at items._synced_at"),
    ),
)

BRIDGE = DerivedTable(
    name="items_orders_bridge",
    description="One row per item: which order, subscription, customer and product belong together. Deleted ones are "
        "in it, marked.",
    key=("item",),
    one_row_of="items",
    depends_on=("orders", "items", "deletion_tombstones"),
    columns=(
        ("item", "VARCHAR NOT NULL", "Item id (items.public_id).", "items.public_id"),
        ("order", "VARCHAR", "Order that the item is in now; an item may move.", "items.order events.raw"),
        ("subscription", "VARCHAR",
            "Subscription that the item fulfils; null for a one-time item.", "items.subscription"),
        ("customer", "VARCHAR", "Customer id in the shop, through the order.", "orders.customer"),
        ("product", "VARCHAR", "Product id in the shop.", "items.product"),
        ("offer", "VARCHAR", "Offer that prices the item.", "items.offer"),
        ("quantity", "INTEGER", "Units.", "items.quantity"),
        ("price", "DECIMAL(18,4)", "Unit price, in the currency of the order.", "items.price"),
        ("total_price", "DECIMAL(18,4)", "Line total after quantity and discount.", "items.total_price"),
        ("one_time", "BOOLEAN", "Whether it was added once, through Instant Upsell.", "items.one_time"),
        ("order_status", "SMALLINT", "Status code of the order.", "orders.status"),
        ("order_status_name", "VARCHAR",
            "Name of the code (ordergroove.order_statuses); null for an undocumented one.", "orders.status"),
        ("place_date", "DATE", "Placement day of the order as Ordergroove wrote it.", "orders.place_date"),
        ("order_merchant_id", "VARCHAR", "Order id in the shop, once placed.", "orders.order_merchant_id"),
        ("is_deleted", "BOOLEAN NOT NULL", "Whether the item or its order is deleted (a tombstone that is not lifted).",
            "deletion_tombstones.object deletion_tombstones.id deletion_tombstones.lifted_at"),
        ("order_found", "BOOLEAN NOT NULL",
            "Whether the order has arrived; false is normal between two syncs.", "orders.public_id"),
    ),
    more_checks=(
        Check(
            "matches_items",
            "Each item is in it, as items, orders and tombstones have it.",
            filled_in(
                "check_bridge.sql",
                items="ordergroove.items",
                orders="ordergroove.orders",
                bridge="analytics.items_orders_bridge",
            ),
            "SELECT count(*) FROM analytics.items_orders_bridge",
            error=NONE,
            is_blocking=True,
            screen_sql=filled_in("check_bridge_sums.sql"),
            since_sql=filled_in(
                "check_bridge.sql",
                items="items_in_scope",
                orders=f"({filled_in('orders_of_checked_items.sql')})",
                bridge="derived_anew",
            ),
        ),
    ),
)

ORDER_TOTALS = DerivedTable(
    name="order_totals",
    description="One row per order: what its items add up to beside what Ordergroove says. Deleted items are not "
        "counted; deleted orders are in it, marked.",
    key=("order",),
    one_row_of="orders",
    # The items come through the bridge: so that both tables tell of the same items, and so that an order which an item
    # has left is known when neither the order nor the item says so any more.
    depends_on=("orders", "items_orders_bridge", "deletion_tombstones"),
    columns=(
        ("order", "VARCHAR NOT NULL", "Order id (orders.public_id).", "orders.public_id"),
        ("customer", "VARCHAR", "Customer id in the shop.", "orders.customer"),
        ("currency_code", "VARCHAR", "Currency of all amounts, ISO 4217.", "orders.currency_code"),
        ("status", "SMALLINT", "Status code.", "orders.status"),
        ("status_name", "VARCHAR",
            "Name of the code (ordergroove.order_statuses); null for an undocumented one.", "orders.status"),
        ("place_date", "DATE", "Placement day as Ordergroove wrote it.", "orders.place_date"),
        ("items", "BIGINT NOT NULL",
            "Items in the order that are not deleted.", "items_orders_bridge.item items_orders_bridge.is_deleted"),
        ("units", "BIGINT NOT NULL",
            "Their quantities added up.", "items_orders_bridge.quantity items_orders_bridge.is_deleted"),
        ("subscriptions", "BIGINT NOT NULL", "How many subscriptions are in the box.",
            "items_orders_bridge.subscription items_orders_bridge.is_deleted"),
        ("subscription_revenue", "DECIMAL(38,4) NOT NULL", "Line totals of items that fulfil a subscription.",
            "items_orders_bridge.total_price items_orders_bridge.subscription items_orders_bridge.is_deleted"),
        ("one_time_revenue", "DECIMAL(38,4) NOT NULL", "Line totals of items without a subscription.",
            "items_orders_bridge.total_price items_orders_bridge.subscription items_orders_bridge.is_deleted"),
        ("items_total", "DECIMAL(38,4) NOT NULL", "Line totals of all items; the two revenues together.",
            "items_orders_bridge.total_price items_orders_bridge.is_deleted"),
        ("sub_total", "DECIMAL(18,4)", "As Ordergroove says: items after discounts.", "orders.sub_total"),
        ("discount_total", "DECIMAL(18,4)", "As Ordergroove says; already inside sub_total.", "orders.discount_total"),
        ("tax_total", "DECIMAL(18,4)", "As Ordergroove says.", "orders.tax_total"),
        ("shipping_total", "DECIMAL(18,4)", "As Ordergroove says.", "orders.shipping_total"),
        ("total", "DECIMAL(18,4)", "As Ordergroove says.", "orders.total"),
        ("items_difference", "DECIMAL(38,4)", "sub_total less items_total.",
            "orders.sub_total items_orders_bridge.total_price items_orders_bridge.is_deleted"),
        ("total_difference", "DECIMAL(38,4)", "total less the sum of sub_total, tax_total and shipping_total.",
            "orders.total orders.sub_total orders.tax_total orders.shipping_total"),
        ("agrees", "BOOLEAN",
            "Whether both differences are within a cent; null when an amount is missing or the order is deleted.",
            ("orders.total orders.sub_total orders.tax_total orders.shipping_total items_orders_bridge.total_price "
            "items_orders_bridge.is_deleted deletion_tombstones.object deletion_tombstones.id "
            "deletion_tombstones.lifted_at")),
        ("is_deleted", "BOOLEAN NOT NULL",
            ("Whether the order is deleted (a tombstone that is not lifted): its own amounts are the last known "
            "ones, its items no longer count."),
            "deletion_tombstones.object deletion_tombstones.id deletion_tombstones.lifted_at"),
        ("outcome", "VARCHAR NOT NULL",
            ("First that fits: deleted, scheduled, recovered (placed after a failed attempt; inferred), placed, "
            "rejected, skipped (cancelled before any attempt; inferred), shop_cancel, merged, in_retry, in_placement, "
            "unknown."),
            ("orders.status orders.tries orders.generic_error_count deletion_tombstones.object "
            "deletion_tombstones.id deletion_tombstones.lifted_at")),
        ("is_placed", "BOOLEAN NOT NULL", "Whether outcome is placed or recovered.",
            "orders.status deletion_tombstones.object deletion_tombstones.id deletion_tombstones.lifted_at"),
        ("attempts", "INTEGER", "Placement attempts so far.", "orders.tries"),
        ("error_code", "VARCHAR",
            "Code of the shop's last refusal, of a rejected or retried order; null when its message has none.",
            "orders.rejected_message orders.status"),
        ("merged_into", "VARCHAR", "Order that a merged one was folded into.", "orders.extra_data orders.status"),
        ("created_at", "TIMESTAMP", "When the order was created, UTC.", "orders.created"),
        ("cancelled_at", "TIMESTAMP", "When the order was cancelled, UTC.", "orders.cancelled"),
    ),
    more_checks=(
        Check(
            "matches_bridge",
            "Items and their sum are those of the bridge.",
            filled_in(
                "check_totals_match_bridge.sql", totals="analytics.order_totals", bridge="analytics.items_orders_bridge"
            ),
            "SELECT count(*) FROM analytics.order_totals",
            error=NONE,
            since_sql=filled_in("check_totals_match_bridge.sql", totals="derived_anew", bridge="bridge_in_scope"),
        ),
        Check(
            "agrees_with_order",
            "What the items add up to is what Ordergroove's order says, to the cent.",
            filled_in("check_totals_agree.sql", totals="analytics.order_totals"),
            "SELECT count(agrees) FROM analytics.order_totals",
            warn=NONE,
            error=Limit(10, 0.05),
            since_sql=filled_in("check_totals_agree.sql", totals="derived_anew"),
        ),
    ),
)
STATUS_CHANGES = DerivedTable(
    name="order_status_changes",
    description="One row per step of an order from status to status, in order of time. Each webhook of that kind is "
        "one step; what webhooks did not tell is there with bounds.",
    key=("order", "step"),
    depends_on=("orders", "events", "deletion_tombstones"),
    counted="to_status = -1",
    columns=(
        ("order", "VARCHAR NOT NULL", "Order id; also of orders that came and went between two syncs.",
            "orders.public_id events.object_id deletion_tombstones.id"),
        ("step", "INTEGER NOT NULL", "Number of the step, from 1.",
            "orders._valid_from events.event_at events.received_at deletion_tombstones.deleted_at"),
        ("from_status", "SMALLINT",
            "Status of the step before; null at the first.", "orders.status events.type deletion_tombstones.object"),
        ("to_status", "SMALLINT NOT NULL",
            "Status code then (ordergroove.order_statuses), by the type of the event; -1 when it was deleted.",
            "orders.status events.type deletion_tombstones.object"),
        ("changed_at", "TIMESTAMPTZ NOT NULL",
            "When, as the event says; without one as history has it (valid_from), or when it was found gone.",
            ("events.event_at events.received_at orders._valid_from orders.created deletion_tombstones.deleted_at "
            "deletion_tombstones.lifted_at")),
        ("changed_after", "TIMESTAMPTZ",
            "Without an event: it happened after this instant; null when nothing bounds it.",
            "orders._synced_at deletion_tombstones.deleted_after"),
        ("changed_by", "TIMESTAMPTZ", "Without an event: it happened at or before this instant.",
            "orders._synced_at deletion_tombstones.detected_at"),
        ("source", "VARCHAR NOT NULL",
            "event, history (two syncs differ), record (the state when first seen, or seen again), tombstone.",
            "events.event_id orders.status deletion_tombstones.id"),
        ("event_id", "VARCHAR", "The event (ordergroove.events), for source event.", "events.event_id"),
        ("event_type", "VARCHAR", "Its type.", "events.type"),
    ),
    more_checks=(
        _each_event_once("order_status_changes", _ORDER_STEPS),
        Check(
            "ends_at_status",
            "The last step of each order is its status now, or that it was deleted.",
            filled_in("check_last_step.sql"),
            "SELECT count(*) FROM ordergroove.orders",
            warn=NONE,
        ),
    ),
)

SUBSCRIPTION_CHANGES = DerivedTable(
    name="subscription_changes",
    description="One row per known change of a subscription: what, from what, to what, when or between when and when, "
        "and who says so.",
    depends_on=("subscriptions", "events"),
    counted="what = 'cancelled'",
    columns=(
        ("subscription", "VARCHAR NOT NULL", "Subscription id.", "subscriptions.public_id events.object_id"),
        ("customer", "VARCHAR",
            "Customer id in the shop; null when the subscription was never fetched.", "subscriptions.customer"),
        ("what", "VARCHAR NOT NULL",
            ("created, cancelled, reactivated, product, quantity, frequency (every x period), price, offer, "
            "components, payment, shipping_address, renewal, prepaid (left of each billing)."),
            "events.type subscriptions.live"),
        ("old_value", "VARCHAR", "Value before: ids and numbers; null when only an event tells, or there was none.",
            _TERMS),
        ("new_value", "VARCHAR", "Value after, likewise.",
            _TERMS),
        ("changed_at", "TIMESTAMPTZ NOT NULL", "When, as the event says; without one as history has it.",
            ("events.event_at events.received_at subscriptions._valid_from subscriptions.created "
            "subscriptions.cancelled")),
        ("changed_after", "TIMESTAMPTZ",
            "Without an event: it happened after this instant; null when nothing bounds it.",
            "subscriptions._synced_at"),
        ("changed_by", "TIMESTAMPTZ",
            "Without an event: it happened at or before this instant.", "subscriptions._synced_at"),
        ("source", "VARCHAR NOT NULL",
            ("event+history (both tell of it), event (undone before the next sync, or the same value set again), "
            "history (no event came), record (as first seen)."),
            "events.event_id subscriptions._valid_from"),
        ("event_id", "VARCHAR", "The event (ordergroove.events); null without one.", "events.event_id"),
    ),
    more_checks=(_each_event_once("subscription_changes", _SUBSCRIPTION_CHANGES),),
)
# fmt: on

ANALYTICS: tuple[DerivedTable, ...] = (TOMBSTONES, BRIDGE, ORDER_TOTALS, STATUS_CHANGES, SUBSCRIPTION_CHANGES)
"""What is derived of objects, events and sweeps, in the order in which it is made."""

"""The derived tables of schema analytics, each as a value: one row a column, with its type, meaning and origins.

A test holds what columns are said to be made of against what the SQL does.
"""

from og_assets.warehouse.checks import NONE, Check, Limit, filled_in
from og_assets.warehouse.derived_table import DerivedTable

# fmt: off
ORDER_TOTALS = DerivedTable(
    name="order_totals",
    description="One row per order: what its items add up to beside what Ordergroove says. Deleted items are not "
        "counted; deleted orders are in it, marked.",
    key=("order",),
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
    ),
    more_checks=(
        Check(
            "matches_bridge",
            "Items and their sum are those of the bridge.",
            filled_in("check_totals_match_bridge.sql"),
            "SELECT count(*) FROM analytics.order_totals",
            error=NONE,
        ),
        Check(
            "agrees_with_order",
            "What the items add up to is what Ordergroove's order says, to the cent.",
            filled_in("check_totals_agree.sql"),
            "SELECT count(agrees) FROM analytics.order_totals",
            warn=NONE,
            error=Limit(10, 0.05),
        ),
    ),
)
# fmt: on

DERIVED_TABLES: tuple[DerivedTable, ...] = (ORDER_TOTALS,)
"""All of them, in the order in which they are made."""

-- Schema version 3. Columns of views get the descriptions of the tables behind them; DuckDB does not hand them on.

COMMENT ON COLUMN ordergroove.deletion_evidence.object IS 'orders or items.';
COMMENT ON COLUMN ordergroove.deletion_evidence.id IS 'Its public_id.';
COMMENT ON COLUMN ordergroove.deletion_evidence.source IS 'webhook, sweep (missing among the open ones) or order_items (missing among the items of its order).';
COMMENT ON COLUMN ordergroove.deletion_evidence.deleted_at IS 'When it was deleted: the time of the event, or, without one, when it was found gone.';
COMMENT ON COLUMN ordergroove.deletion_evidence.deleted_after IS 'When it was last known to exist; null when an event tells the time.';
COMMENT ON COLUMN ordergroove.deletion_evidence.known_at IS 'When we knew, our clock.';
COMMENT ON COLUMN ordergroove.deletion_evidence.event_id IS 'The event (ordergroove.events), for source webhook.';
COMMENT ON COLUMN ordergroove.deletion_evidence._sync_id IS 'Reading of the inbox, or sweep, that brought it (ops.sync_runs).';

COMMENT ON COLUMN analytics.items_orders_bridge_current.item IS 'Item id (items.public_id).';
COMMENT ON COLUMN analytics.items_orders_bridge_current."order" IS 'Order that the item is in now; an item may move.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.subscription IS 'Subscription that the item fulfils; null for a one-time item.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.customer IS 'Customer id in the shop, through the order.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.product IS 'Product id in the shop.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.offer IS 'Offer that prices the item.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.quantity IS 'Units.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.price IS 'Unit price, in the currency of the order.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.total_price IS 'Line total after quantity and discount.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.one_time IS 'Whether it was added once, through Instant Upsell.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.order_status IS 'Status code of the order.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.order_status_name IS 'Name of the code (ordergroove.order_statuses); null for an undocumented one.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.place_date IS 'Placement day of the order as Ordergroove wrote it.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.order_merchant_id IS 'Order id in the shop, once placed.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.is_deleted IS 'Always false here.';
COMMENT ON COLUMN analytics.items_orders_bridge_current.order_found IS 'Whether the order has arrived; false is normal between two syncs.';

COMMENT ON COLUMN analytics.order_totals_current."order" IS 'Order id (orders.public_id).';
COMMENT ON COLUMN analytics.order_totals_current.customer IS 'Customer id in the shop.';
COMMENT ON COLUMN analytics.order_totals_current.currency_code IS 'Currency of all amounts, ISO 4217.';
COMMENT ON COLUMN analytics.order_totals_current.status IS 'Status code.';
COMMENT ON COLUMN analytics.order_totals_current.status_name IS 'Name of the code (ordergroove.order_statuses); null for an undocumented one.';
COMMENT ON COLUMN analytics.order_totals_current.place_date IS 'Placement day as Ordergroove wrote it.';
COMMENT ON COLUMN analytics.order_totals_current.items IS 'Items in the order that are not deleted.';
COMMENT ON COLUMN analytics.order_totals_current.units IS 'Their quantities added up.';
COMMENT ON COLUMN analytics.order_totals_current.subscriptions IS 'How many subscriptions are in the box.';
COMMENT ON COLUMN analytics.order_totals_current.subscription_revenue IS 'Line totals of items that fulfil a subscription.';
COMMENT ON COLUMN analytics.order_totals_current.one_time_revenue IS 'Line totals of items without a subscription.';
COMMENT ON COLUMN analytics.order_totals_current.items_total IS 'Line totals of all items; the two revenues together.';
COMMENT ON COLUMN analytics.order_totals_current.sub_total IS 'As Ordergroove says: items after discounts.';
COMMENT ON COLUMN analytics.order_totals_current.discount_total IS 'As Ordergroove says; already inside sub_total.';
COMMENT ON COLUMN analytics.order_totals_current.tax_total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals_current.shipping_total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals_current.total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals_current.items_difference IS 'sub_total less items_total.';
COMMENT ON COLUMN analytics.order_totals_current.total_difference IS 'total less the sum of sub_total, tax_total and shipping_total.';
COMMENT ON COLUMN analytics.order_totals_current.agrees IS 'Whether both differences are within a cent; null when an amount is missing or the order is deleted.';
COMMENT ON COLUMN analytics.order_totals_current.is_deleted IS 'Always false here.';

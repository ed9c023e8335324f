-- One row per item of items_in_scope, with what its order tells, which is in orders_in_scope.
INSERT INTO analytics.items_orders_bridge BY NAME
WITH items AS (
    SELECT fetched.* REPLACE (coalesce(moved."order", fetched."order") AS "order")
    FROM items_in_scope AS fetched
    LEFT JOIN ordergroove.moved_items AS moved ON moved.item = fetched.public_id
)
SELECT
    items.public_id                                         AS item,
    items."order",
    items.subscription,
    -- REST bodies of items have no customer; it is that of their order.
    orders.customer,
    items.product,
    items.offer,
    items.quantity,
    items.price,
    items.total_price,
    items.one_time,
    orders.status                                           AS order_status,
    statuses.name                                           AS order_status_name,
    orders.place_date,
    orders.order_merchant_id,
    gone_items.id IS NOT NULL OR gone_orders.id IS NOT NULL AS is_deleted,
    orders.public_id IS NOT NULL                            AS order_found
FROM items
LEFT JOIN orders_in_scope AS orders ON orders.public_id = items."order"
LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
LEFT JOIN live_tombstones AS gone_items ON gone_items.object = 'items' AND gone_items.id = items.public_id
LEFT JOIN live_tombstones AS gone_orders ON gone_orders.object = 'orders' AND gone_orders.id = items."order";

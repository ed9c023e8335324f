-- Rows of the bridge that are others than those of items, orders and tombstones, or that only one side has.
WITH gone AS (
    SELECT object, id FROM analytics.deletion_tombstones WHERE lifted_at IS NULL
),
items AS (
    SELECT fetched.* REPLACE (coalesce(moved."order", fetched."order") AS "order")
    FROM {items} AS fetched
    LEFT JOIN ordergroove.moved_items AS moved ON moved.item = fetched.public_id
),
expected AS (
    SELECT
        items.public_id AS item,
        items."order",
        items.subscription,
        orders.customer,
        items.product,
        items.quantity,
        items.total_price,
        orders.status   AS order_status,
        EXISTS (FROM gone WHERE object = 'items' AND id = items.public_id)
        OR EXISTS (FROM gone WHERE object = 'orders' AND id = items."order") AS is_deleted
    FROM items
    LEFT JOIN {orders} AS orders ON orders.public_id = items."order"
),
bridge AS (
    SELECT item, "order", subscription, customer, product, quantity, total_price, order_status, is_deleted
    FROM {bridge}
)
SELECT coalesce(bridge.item, expected.item) AS key, 1 AS rows
FROM bridge
FULL JOIN expected ON expected.item = bridge.item
WHERE bridge IS DISTINCT FROM expected

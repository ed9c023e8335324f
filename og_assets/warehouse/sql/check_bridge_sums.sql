-- Whether the bridge and what it is derived from have the same checksum; much cheaper than comparing row by row.
SELECT
    (
        SELECT sum(hash(item, "order", subscription, customer, product, quantity, total_price, order_status, is_deleted))
        FROM analytics.items_orders_bridge
    ) IS NOT DISTINCT FROM (
        SELECT sum(hash(
            items.public_id, items."order", subscription, customer, product, quantity, total_price, status,
            items.public_id IN (SELECT id FROM analytics.deletion_tombstones WHERE object = 'items' AND lifted_at IS NULL)
            OR (items."order" IS NOT NULL AND items."order" IN (
                SELECT id FROM analytics.deletion_tombstones WHERE object = 'orders' AND lifted_at IS NULL
            ))
        ))
        FROM (
            SELECT fetched.* REPLACE (coalesce(moved."order", fetched."order") AS "order")
            FROM ordergroove.items AS fetched
            LEFT JOIN ordergroove.moved_items AS moved ON moved.item = fetched.public_id
        ) AS items
        LEFT JOIN ordergroove.orders ON orders.public_id = items."order"
    )

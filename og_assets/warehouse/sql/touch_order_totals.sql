-- temp.touched: the orders whose totals may be others than before the new loads.
CREATE OR REPLACE TEMP TABLE touched AS
-- An item came, changed or left (items may move between orders under the same id),
SELECT "order" FROM ops.orders_to_total
UNION
-- or the order was loaded,
SELECT id FROM loaded_orders
UNION
-- or its tombstone was lifted
SELECT "order"
FROM analytics.order_totals AS totals
WHERE is_deleted AND NOT EXISTS (FROM live_tombstones AS gone WHERE gone.object = 'orders' AND gone.id = totals."order")
UNION
-- or made.
SELECT "order"
FROM analytics.order_totals
WHERE NOT is_deleted AND "order" IN (
    SELECT id
    FROM live_tombstones
    WHERE object = 'orders' AND id NOT IN (SELECT "order" FROM analytics.order_totals WHERE is_deleted)
);

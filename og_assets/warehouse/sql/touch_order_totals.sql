-- temp.touched: the orders whose totals may be others than at the load $mark.
CREATE OR REPLACE TEMP TABLE touched AS
WITH new_loads AS (
    SELECT sync_id FROM ops.sync_runs WHERE last_load > $mark
)
-- An item came, changed or left (items may move between orders under the same id),
SELECT "order" FROM ops.orders_to_total
UNION
-- or the order was loaded,
SELECT public_id
FROM ordergroove.orders
WHERE _sync_id IN (FROM new_loads) OR (updated >= $from AND updated < $until)
UNION
-- or its tombstone was made or lifted.
SELECT totals."order"
FROM analytics.order_totals AS totals
LEFT JOIN live_tombstones AS gone ON gone.object = 'orders' AND gone.id = totals."order"
WHERE totals.is_deleted <> (gone.id IS NOT NULL);

-- temp.touched: the orders and items whose tombstone may be another one than at the load $mark.
-- Conditions stand in queries of their own, because an OR of them would read every key of the table.
CREATE OR REPLACE TEMP TABLE touched AS
WITH new_loads AS (
    SELECT sync_id FROM ops.sync_runs WHERE last_load > $mark
),
evidence AS (
    SELECT DISTINCT object, id, _sync_id IN (FROM new_loads) AS is_new FROM ordergroove.deletion_evidence
),
touched_orders AS (
    SELECT public_id FROM ordergroove.orders WHERE _sync_id IN (FROM new_loads)
    UNION
    SELECT public_id FROM ordergroove.orders WHERE updated >= $from AND updated < $until
),
touched_items AS (
    SELECT public_id FROM ordergroove.items WHERE _sync_id IN (FROM new_loads)
    UNION
    SELECT public_id FROM ordergroove.items WHERE order_updated >= $from AND order_updated < $until
)
-- Something new says that it was deleted,
SELECT object, id FROM evidence WHERE is_new
UNION
-- or it was fetched again,
SELECT object, id FROM evidence WHERE object = 'orders' AND id IN (FROM touched_orders)
UNION
SELECT object, id FROM evidence WHERE object = 'items' AND id IN (FROM touched_items)
UNION
-- or its order was, which says whose it is,
SELECT object, id FROM analytics.deletion_tombstones WHERE object = 'items' AND "order" IN (FROM touched_orders)
UNION
-- or nothing that its event names was known when it came.
SELECT object, id FROM evidence ANTI JOIN analytics.deletion_tombstones USING (object, id);

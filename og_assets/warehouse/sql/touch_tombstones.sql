-- temp.touched: the orders and items whose tombstone may be another one than before the new loads.
CREATE OR REPLACE TEMP TABLE touched AS
WITH evidence AS (
    SELECT DISTINCT object, id, _sync_id IN (FROM new_loads) AS is_new FROM ordergroove.deletion_evidence
)
-- Something new says that it was deleted,
SELECT object, id FROM evidence WHERE is_new
UNION
-- or it was fetched again,
SELECT object, id FROM evidence WHERE object = 'orders' AND id IN (SELECT id FROM loaded_orders)
UNION
SELECT object, id FROM evidence WHERE object = 'items' AND id IN (SELECT id FROM loaded_items)
UNION
-- or its order was, which says whose it is,
SELECT object, id
FROM analytics.deletion_tombstones
WHERE object = 'items' AND "order" IN (SELECT id FROM loaded_orders)
UNION
-- or nothing that its event names was known when it came.
SELECT object, id FROM evidence ANTI JOIN analytics.deletion_tombstones USING (object, id);

-- temp.touched: the items whose row in the bridge may be another one than at the load $mark.
-- Conditions stand in queries of their own, because an OR of them would read every key of the table.
CREATE OR REPLACE TEMP TABLE touched AS
WITH new_loads AS (
    SELECT sync_id FROM ops.sync_runs WHERE last_load > $mark
),
touched_orders AS (
    SELECT public_id FROM ordergroove.orders WHERE _sync_id IN (FROM new_loads)
    UNION
    SELECT public_id FROM ordergroove.orders WHERE updated >= $from AND updated < $until
),
touched_rows AS (
    SELECT rowid AS at_row FROM ordergroove.items WHERE _sync_id IN (FROM new_loads)
    UNION
    SELECT rowid FROM ordergroove.items WHERE "order" IN (FROM touched_orders)
)
-- The item or its order was loaded,
SELECT public_id AS item
FROM ordergroove.items
WHERE rowid IN (FROM touched_rows)
UNION
-- (which may be the order that a webhook put it in),
SELECT item
FROM analytics.items_orders_bridge
WHERE "order" IN (FROM touched_orders)
UNION
-- or a webhook said that it moved,
SELECT item
FROM ordergroove.item_moves
WHERE _sync_id IN (FROM new_loads)
UNION
-- or a tombstone of one of them was lifted,
SELECT item
FROM analytics.items_orders_bridge AS bridge
WHERE is_deleted
  AND NOT EXISTS (FROM live_tombstones AS gone WHERE gone.object = 'items' AND gone.id = bridge.item)
  AND NOT EXISTS (FROM live_tombstones AS gone WHERE gone.object = 'orders' AND gone.id = bridge."order")
UNION
-- or was made for the item
SELECT item
FROM analytics.items_orders_bridge
WHERE NOT is_deleted AND item IN (
    SELECT id
    FROM live_tombstones
    WHERE object = 'items' AND id NOT IN (SELECT item FROM analytics.items_orders_bridge WHERE is_deleted)
)
UNION
-- or for its order.
SELECT item
FROM analytics.items_orders_bridge
WHERE NOT is_deleted AND "order" IN (SELECT id FROM live_tombstones WHERE object = 'orders');

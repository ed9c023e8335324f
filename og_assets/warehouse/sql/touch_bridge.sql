-- temp.touched: the items whose row in the bridge may be another one than at the load $mark.
CREATE OR REPLACE TEMP TABLE touched AS
WITH new_loads AS (
    SELECT sync_id FROM ops.sync_runs WHERE last_load > $mark
),
touched_orders AS (
    SELECT public_id
    FROM ordergroove.orders
    WHERE _sync_id IN (FROM new_loads) OR (updated >= $from AND updated < $until)
)
-- The item or its order was loaded,
SELECT public_id AS item
FROM ordergroove.items
WHERE _sync_id IN (FROM new_loads) OR "order" IN (FROM touched_orders)
UNION
-- or a tombstone of one of them was made or lifted.
SELECT bridge.item
FROM analytics.items_orders_bridge AS bridge
LEFT JOIN live_tombstones AS gone_items ON gone_items.object = 'items' AND gone_items.id = bridge.item
LEFT JOIN live_tombstones AS gone_orders ON gone_orders.object = 'orders' AND gone_orders.id = bridge."order"
WHERE bridge.is_deleted <> (gone_items.id IS NOT NULL OR gone_orders.id IS NOT NULL);

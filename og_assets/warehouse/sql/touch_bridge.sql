-- temp.found_rows: where the bridge has rows that may be others than before the new loads.
-- Conditions stand in queries of their own, because an OR of them would read every key of the table.
CREATE OR REPLACE TEMP TABLE found_rows AS
WITH in_doubt AS (
    SELECT id FROM loaded_orders
    UNION
    SELECT id FROM live_tombstones WHERE object = 'orders'
),
of_orders AS (
    SELECT rowid AS at_row, "order", is_deleted FROM analytics.items_orders_bridge WHERE "order" IN (FROM in_doubt)
)
-- The order was loaded (which may be the one that a webhook put the item in), or a tombstone was made for it,
SELECT at_row FROM of_orders WHERE NOT is_deleted OR "order" IN (SELECT id FROM loaded_orders)
UNION
-- or a tombstone of one of them was lifted,
SELECT rowid
FROM analytics.items_orders_bridge AS bridge
WHERE is_deleted
  AND NOT EXISTS (FROM live_tombstones AS gone WHERE gone.object = 'items' AND gone.id = bridge.item)
  AND NOT EXISTS (FROM live_tombstones AS gone WHERE gone.object = 'orders' AND gone.id = bridge."order")
UNION
-- or was made for the item.
SELECT rowid
FROM analytics.items_orders_bridge
WHERE NOT is_deleted AND item IN (
    SELECT id
    FROM live_tombstones
    WHERE object = 'items' AND id NOT IN (SELECT item FROM analytics.items_orders_bridge WHERE is_deleted)
);
-- temp.outdated_already: the same with their items.
CREATE OR REPLACE TEMP TABLE outdated_already AS
SELECT item AS id, rowid AS at_row FROM analytics.items_orders_bridge WHERE rowid IN (FROM found_rows);
-- temp.touched: their items,
CREATE OR REPLACE TEMP TABLE touched AS
SELECT id FROM outdated_already
UNION
-- and those that were loaded, or that a webhook said moved.
SELECT id FROM loaded_items
UNION
SELECT item FROM ordergroove.item_moves WHERE _sync_id IN (FROM new_loads);

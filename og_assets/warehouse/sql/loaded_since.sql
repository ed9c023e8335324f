-- temp.loaded_orders, temp.loaded_items: what was loaded after the load {mark} or changed in the days, each with its position.
-- Conditions stand in queries of their own, because an OR of them would read every key of the table.
CREATE OR REPLACE TEMP TABLE new_loads AS
SELECT sync_id FROM ops.sync_runs WHERE last_load > {mark};
CREATE OR REPLACE TEMP TABLE loaded_orders AS
SELECT public_id AS id, rowid AS at_row FROM ordergroove.orders WHERE _sync_id IN (FROM new_loads)
UNION
SELECT public_id, rowid FROM ordergroove.orders WHERE updated >= {start} AND updated < {end};
CREATE OR REPLACE TEMP TABLE loaded_items AS
SELECT public_id AS id, rowid AS at_row FROM ordergroove.items WHERE _sync_id IN (FROM new_loads)
UNION
SELECT public_id, rowid FROM ordergroove.items WHERE order_updated >= {start} AND order_updated < {end};

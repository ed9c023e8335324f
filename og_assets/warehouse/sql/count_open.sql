-- Orders that are to be placed, and the items in them.
WITH open_orders AS (
    SELECT public_id
    FROM ordergroove.orders
    WHERE status IN (SELECT code FROM ordergroove.order_statuses WHERE is_open)
)
SELECT
    (SELECT count(*) FROM open_orders)                                                   AS orders,
    (SELECT count(*) FROM ordergroove.items WHERE "order" IN (FROM open_orders))         AS items;

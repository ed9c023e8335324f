-- temp.suspects: items to look up one by one, given temp.listed, the ids that Ordergroove listed in open orders since $t0.
CREATE OR REPLACE TEMP TABLE suspects AS
WITH newest AS (
    SELECT "order", max(order_updated) AS order_updated
    FROM ordergroove.items
    GROUP BY "order"
),
last_sweep AS (
    SELECT coalesce(max(started_at), 'epoch') AS started_at
    FROM ops.sync_runs
    -- An error is what a sweep that succeeded has left undecided: that one looked at less than all.
    WHERE object = 'items' AND mode = 'sweep' AND outcome = 'succeeded' AND error IS NULL
),
-- An order that changed since the last sweep while none of its items did may have lost them all. Looked at once per
-- change, and only while items do carry their order's stamp, so that a difference in how the two are written is no hint.
stamped AS (
    SELECT orders.public_id, orders._synced_at, newest.order_updated >= orders.updated AS has_current_item
    FROM ordergroove.orders AS orders
    JOIN newest ON newest."order" = orders.public_id
),
emptied_orders AS (
    SELECT public_id
    FROM stamped
    WHERE NOT has_current_item
      AND _synced_at >= (SELECT started_at FROM last_sweep)
      AND (SELECT count(*) FILTER (WHERE has_current_item) * 2 > count(*) FROM stamped)
),
gone_orders AS (
    SELECT orders.public_id
    FROM ordergroove.orders AS orders
    JOIN ordergroove.deletion_evidence AS evidence
        ON evidence.object = 'orders' AND evidence.id = orders.public_id AND evidence.known_at >= orders._synced_at
),
known AS (
    SELECT
        items.public_id                                        AS id,
        items._synced_at,
        -- An item counts as open with its order, and while nothing good is known of its order.
        orders.public_id IS NULL
            OR coalesce(statuses.is_open, false)
            OR items."order" IN (FROM gone_orders)             AS is_open,
        -- All items of an order carry the order's stamp, and a list filtered by it has them all: one that was not
        -- fetched with the newest stamp has left the order. Stamps have whole seconds, so one that was fetched within
        -- seconds of its stamp may have left under the same stamp; it is looked up once after it or its order changed.
        coalesce(items.order_updated < newest.order_updated, false)
            OR items."order" IN (FROM emptied_orders)
            OR (
                epoch(items._synced_at) + coalesce(pulls.clock_skew_seconds, 0) < epoch(items.order_updated) + 10
                AND greatest(items._synced_at, orders._synced_at) >= (SELECT started_at FROM last_sweep)
            )                                                  AS is_left_out,
        EXISTS (
            FROM ordergroove.deletion_evidence AS evidence
            WHERE evidence.object = 'items' AND evidence.id = items.public_id
              AND evidence.known_at >= items._synced_at
        )                                                      AS is_gone,
        items.public_id IN (FROM listed)                       AS is_listed
    FROM ordergroove.items AS items
    LEFT JOIN newest ON newest."order" = items."order"
    LEFT JOIN ordergroove.orders AS orders ON orders.public_id = items."order"
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    LEFT JOIN ops.sync_runs AS pulls ON pulls.sync_id = items._sync_id
)
SELECT
    id,
    CASE
        WHEN is_gone THEN 'contradicted'
        WHEN is_listed THEN 'listed'
        WHEN is_open THEN 'sweep'
        ELSE 'order_items'
    END                                                        AS source,
    _synced_at                                                 AS last_seen_at
FROM known
-- Believed open, or left out of its order; what was loaded since the listing began may have come after it.
WHERE (NOT is_gone AND (is_open OR is_left_out) AND (is_listed OR _synced_at < $t0))
-- Held for deleted, and listed all the same.
   OR (is_gone AND is_listed);

-- Orders whose last step is not their status now. An event may tell what the next sync will bring; such orders wait for it.
WITH last_steps AS (
    SELECT "order", arg_max(to_status, step) AS status, max(changed_at) AS changed_at
    FROM analytics.order_status_changes
    GROUP BY "order"
),
gone AS (
    SELECT id FROM analytics.deletion_tombstones WHERE object = 'orders' AND lifted_at IS NULL
)
SELECT orders.public_id AS key, 1 AS rows
FROM ordergroove.orders
LEFT JOIN last_steps ON last_steps."order" = orders.public_id
WHERE orders.status IS NOT NULL
    AND last_steps.status IS DISTINCT FROM (CASE WHEN orders.public_id IN (FROM gone) THEN -1 ELSE orders.status END)
    AND (
        last_steps.changed_at IS NULL
        OR last_steps.changed_at < (SELECT max(watermark) FROM ops.sync_state WHERE object = 'orders')
    )

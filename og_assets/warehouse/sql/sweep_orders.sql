-- temp.suspects: orders to look up one by one, given temp.listed, the ids that Ordergroove listed as open since $t0.
CREATE OR REPLACE TEMP TABLE suspects AS
WITH known AS (
    SELECT
        orders.public_id                                       AS id,
        orders._synced_at,
        coalesce(statuses.is_open, false)                      AS is_open,
        EXISTS (
            FROM ordergroove.deletion_evidence AS evidence
            WHERE evidence.object = 'orders' AND evidence.id = orders.public_id
              AND evidence.known_at >= orders._synced_at
        )                                                      AS is_gone,
        orders.public_id IN (FROM listed)                      AS is_listed
    FROM ordergroove.orders AS orders
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
)
SELECT
    id,
    CASE WHEN is_gone THEN 'contradicted' WHEN is_listed THEN 'listed' ELSE 'sweep' END AS source,
    _synced_at                                                                          AS last_seen_at
FROM known
-- Believed open; what was loaded since the listing began may have come after it.
WHERE (NOT is_gone AND is_open AND (is_listed OR _synced_at < $t0))
-- Held for deleted, and listed all the same.
   OR (is_gone AND is_listed);

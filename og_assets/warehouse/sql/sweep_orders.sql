-- temp.suspects: orders to look up one by one, given temp.listed, the ids that Ordergroove listed as open since $t0.
-- Without $whole nothing was listed: only what webhooks told of is looked up.
CREATE OR REPLACE TEMP TABLE suspects AS
WITH last_sweep AS (
    SELECT coalesce(max(started_at), 'epoch') AS started_at
    FROM ops.sync_runs
    -- An error is what a sweep that succeeded has left undecided: that one looked at less than all.
    WHERE object = 'orders' AND mode = 'sweep' AND outcome = 'succeeded' AND error IS NULL
),
new_readings AS (
    SELECT sync_id
    FROM ops.sync_runs
    WHERE object = 'events' AND coalesce(finished_at, 'infinity') >= (SELECT started_at FROM last_sweep)
),
held AS (
    -- What webhooks told since the last sweep is not confirmed, until a look-up has said the same.
    SELECT orders.public_id, bool_and(source = 'webhook' AND evidence._sync_id IN (FROM new_readings)) AS is_hearsay
    FROM ordergroove.orders AS orders
    JOIN ordergroove.deletion_evidence AS evidence
        ON evidence.object = 'orders' AND evidence.id = orders.public_id AND evidence.known_at >= orders._synced_at
    GROUP BY orders.public_id
),
known AS (
    SELECT
        orders.public_id                                       AS id,
        orders._synced_at,
        coalesce(statuses.is_open, false)                      AS is_open,
        held.public_id IS NOT NULL                             AS is_gone,
        coalesce(held.is_hearsay, false)                       AS is_hearsay,
        orders.public_id IN (FROM listed)                      AS is_listed
    FROM ordergroove.orders AS orders
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    LEFT JOIN held ON held.public_id = orders.public_id
)
SELECT
    id,
    CASE WHEN is_gone THEN 'doubtful' WHEN is_listed OR NOT $whole THEN 'listed' ELSE 'sweep' END AS source,
    _synced_at                                                                                    AS last_seen_at,
    false                                                                                         AS is_ahead
FROM known
-- Believed open; what was loaded since the listing began may have come after it.
WHERE (NOT is_gone AND is_open AND (is_listed OR _synced_at < $t0))
-- Held for deleted, and listed all the same, or by webhooks alone.
   OR (is_gone AND (is_listed OR is_hearsay));

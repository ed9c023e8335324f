-- temp.suspects: items to look up one by one, given temp.listed, the ids that Ordergroove listed in open orders since $t0.
-- $zone is that of the stamps. Without $whole nothing was listed: only what webhooks and changed orders point at is looked up.
CREATE OR REPLACE TEMP TABLE suspects AS
WITH last_sweep AS (
    SELECT coalesce(max(started_at), 'epoch') AS started_at
    FROM ops.sync_runs
    -- An error is what a sweep that succeeded has left undecided: that one looked at less than all.
    WHERE object = 'items' AND mode = 'sweep' AND outcome = 'succeeded' AND error IS NULL
),
new_readings AS (
    SELECT sync_id
    FROM ops.sync_runs
    WHERE object = 'events' AND coalesce(finished_at, 'infinity') >= (SELECT started_at FROM last_sweep)
),
clocks AS (
    -- Ordergroove's minus ours.
    SELECT sync_id, to_microseconds(CAST(clock_skew_seconds * 1000000 AS BIGINT)) AS skew FROM ops.sync_runs
),
newest AS (
    SELECT "order", max(order_updated) AS order_updated
    FROM ordergroove.items
    GROUP BY "order"
),
changed_orders AS (
    SELECT public_id FROM ordergroove.orders WHERE _synced_at >= (SELECT started_at FROM last_sweep)
    UNION
    SELECT "order" FROM ordergroove.items WHERE _synced_at >= (SELECT started_at FROM last_sweep)
),
-- A list that is filtered by the change of an order has all items that the order then had, so one that was not fetched
-- since has left it. Looked at once per change.
dated AS (
    SELECT
        items.public_id,
        items."order",
        timezone('UTC', items._synced_at + coalesce(of_item.skew, INTERVAL 0 SECOND))   AS seen_at,
        seen_at >= orders.updated                                                       AS is_seen,
        -- Stamps have whole seconds: what was fetched within seconds of its stamp may have left under the same stamp.
        -- Of the hour that autumn repeats they were read as the earlier instant, and may be of the later one.
        seen_at < orders.updated + INTERVAL 10 SECOND + CASE
            WHEN timezone($zone, timezone('UTC', orders.updated))
                = timezone($zone, timezone('UTC', orders.updated + INTERVAL 1 HOUR)) THEN INTERVAL 1 HOUR
            ELSE INTERVAL 0 HOUR
        END                                                                             AS is_left_out,
        -- No change is later than the fetch that tells of it: such stamps are of another zone than they are read in.
        orders.updated > timezone('UTC', orders._synced_at + coalesce(of_order.skew, INTERVAL 0 SECOND))
            + INTERVAL 10 MINUTE                                                        AS is_ahead
    FROM ordergroove.items AS items
    JOIN ordergroove.orders AS orders ON orders.public_id = items."order"
    LEFT JOIN clocks AS of_item ON of_item.sync_id = items._sync_id
    LEFT JOIN clocks AS of_order ON of_order.sync_id = orders._sync_id
    WHERE items."order" IN (FROM changed_orders)
),
-- Where most changes of orders bring none of their items, the order's stamp is no hint at its items; a few are looked up.
is_hint AS (
    SELECT count(*) FILTER (WHERE NOT is_seen) <= greatest(10, count(*) / 2) AS holds
    FROM (SELECT bool_or(is_seen) AS is_seen FROM dated GROUP BY "order")
),
left_out AS (
    SELECT public_id, is_ahead FROM dated WHERE is_left_out AND (SELECT holds FROM is_hint)
),
gone_orders AS (
    SELECT orders.public_id
    FROM ordergroove.orders AS orders
    JOIN ordergroove.deletion_evidence AS evidence
        ON evidence.object = 'orders' AND evidence.id = orders.public_id AND evidence.known_at >= orders._synced_at
),
held AS (
    -- What webhooks told since the last sweep is not confirmed, until a look-up has said the same.
    SELECT items.public_id, bool_and(source = 'webhook' AND evidence._sync_id IN (FROM new_readings)) AS is_hearsay
    FROM ordergroove.items AS items
    JOIN ordergroove.deletion_evidence AS evidence
        ON evidence.object = 'items' AND evidence.id = items.public_id AND evidence.known_at >= items._synced_at
    GROUP BY items.public_id
),
known AS (
    SELECT
        items.public_id                                        AS id,
        items._synced_at,
        -- An item counts as open with its order, and while nothing good is known of its order.
        orders.public_id IS NULL
            OR coalesce(statuses.is_open, false)
            OR items."order" IN (FROM gone_orders)             AS is_open,
        items.public_id IN (SELECT item FROM ordergroove.moved_items) AS is_moved,
        -- What is listed as open is in an order that is: if the row's is not, the item has moved.
        NOT coalesce(statuses.is_open, true)
            OR items."order" IN (FROM gone_orders)             AS is_elsewhere,
        -- All items of an order carry the order's stamp, and a list filtered by it has them all: one that was not
        -- fetched with the newest stamp has left the order.
        coalesce(items.order_updated < newest.order_updated, false)
            OR left_out.public_id IS NOT NULL                  AS is_left_out,
        coalesce(left_out.is_ahead, false)                     AS is_ahead,
        held.public_id IS NOT NULL                             AS is_gone,
        coalesce(held.is_hearsay, false)                       AS is_hearsay,
        items.public_id IN (FROM listed)                       AS is_listed,
        is_left_out OR items."order" IN (FROM gone_orders)     AS is_pointed_at
    FROM ordergroove.items AS items
    LEFT JOIN newest ON newest."order" = items."order"
    LEFT JOIN left_out ON left_out.public_id = items.public_id
    LEFT JOIN held ON held.public_id = items.public_id
    LEFT JOIN ordergroove.orders AS orders ON orders.public_id = items."order"
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
)
SELECT
    id,
    CASE
        WHEN is_gone OR is_moved OR is_listed AND is_elsewhere THEN 'doubtful'
        WHEN is_listed OR NOT ($whole OR is_pointed_at) THEN 'listed'
        WHEN is_open THEN 'sweep'
        ELSE 'order_items'
    END                                                        AS source,
    _synced_at                                                 AS last_seen_at,
    is_ahead
FROM known
-- Believed open, or left out of its order; what was loaded since the listing began may have come after it.
WHERE (NOT is_gone AND (is_open OR is_left_out OR is_moved) AND (is_listed OR _synced_at < $t0))
   OR (is_listed AND is_elsewhere)
-- Held for deleted, and listed all the same, or by webhooks alone.
   OR (is_gone AND (is_listed OR is_hearsay));

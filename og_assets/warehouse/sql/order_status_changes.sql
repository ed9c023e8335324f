-- All steps of all orders: a function of events, history and tombstones.
INSERT INTO analytics.order_status_changes BY NAME
WITH told AS (
    SELECT
        object_id                       AS "order",
        kinds.to_status,
        coalesce(event_at, received_at) AS changed_at,
        event_id,
        type                            AS event_type
    FROM ordergroove.events
    JOIN (VALUES
        ('order.create', 1),
        ('order.send_now', 6),
        ('order.skip_order', 4),
        ('order.cancel', 4),
        ('order.success', 5),
        ('order.reject', 3),
        ('order.generic_error', 15),
        ('order.retryable_placement_failure', 18),
        ('order.awaiting_retry_instructions', 19),
        ('order.delete', -1)
    ) AS kinds (type, to_status) USING (type)
    WHERE object_id IS NOT NULL
),
states AS (
    SELECT
        public_id                       AS "order",
        status,
        created,
        valid_from,
        seen_at,
        lag(status) OVER in_order        AS status_before,
        lag(changed_after) OVER in_order AS changed_after,
        lag(changed_by) OVER in_order    AS changed_by
    FROM history.orders
    WHERE status IS NOT NULL
    WINDOW in_order AS (PARTITION BY public_id ORDER BY valid_from, valid_to NULLS LAST, seen_at)
),
found AS (
    SELECT "order", status AS to_status, valid_from AS changed_at, changed_after, changed_by, 'history' AS source
    FROM states
    WHERE status <> status_before
    UNION ALL
    -- Nothing becomes unsent again, so what is unsent when it is first seen has been so since it was created.
    SELECT
        "order",
        status,
        CASE status WHEN 1 THEN least(make_timestamptz(epoch_us(created)), valid_from) ELSE valid_from END,
        NULL,
        seen_at,
        'record'
    FROM states
    WHERE status_before IS NULL
    UNION ALL
    SELECT id, -1, deleted_at, deleted_after, detected_at, 'tombstone'
    FROM analytics.deletion_tombstones
    WHERE object = 'orders' AND lifted_at IS NULL
    UNION ALL
    -- An event said that it was deleted, and it was there.
    SELECT tombstones.id, states.status, tombstones.lifted_at, NULL, tombstones.lifted_at, 'record'
    FROM analytics.deletion_tombstones AS tombstones
    JOIN ordergroove.orders AS states ON states.public_id = tombstones.id
    WHERE tombstones.object = 'orders' AND tombstones.lifted_at IS NOT NULL AND tombstones.source = 'webhook'
        AND states.status IS NOT NULL
),
numbered AS (
    SELECT *, row_number() OVER () AS number FROM found
),
-- An event belongs to the first difference that it can explain, and explains it if it is the last that can.
claimed AS (
    SELECT told.event_id, any_value(told.changed_at) AS changed_at, arg_min(number, (changed_by, number)) AS number
    FROM told
    JOIN numbered USING ("order", to_status)
    WHERE told.changed_at <= numbered.changed_by
        AND (numbered.changed_after IS NULL OR told.changed_at > numbered.changed_after - INTERVAL 10 MINUTE)
    GROUP BY told.event_id
),
steps AS (
    SELECT "order", to_status, changed_at, NULL AS changed_after, NULL AS changed_by, 'event' AS source, event_id, event_type
    FROM told
    UNION ALL
    SELECT "order", to_status, changed_at, changed_after, changed_by, source, NULL, NULL
    FROM numbered
    WHERE number NOT IN (SELECT number FROM claimed)
),
ranked AS (
    -- Of what happened in one second, the order in which it can have happened.
    SELECT
        steps.*,
        CASE WHEN to_status = 1 THEN 0 WHEN to_status = 6 THEN 1 WHEN to_status = -1 THEN 4 WHEN is_final THEN 3 ELSE 2 END AS rank
    FROM steps
    LEFT JOIN ordergroove.order_statuses ON code = to_status
)
SELECT
    "order",
    CAST(row_number() OVER in_order AS INTEGER) AS step,
    lag(to_status) OVER in_order                AS from_status,
    to_status,
    changed_at,
    changed_after,
    changed_by,
    source,
    event_id,
    event_type
FROM ranked
WINDOW in_order AS (PARTITION BY "order" ORDER BY changed_at, rank, source DESC, event_id);

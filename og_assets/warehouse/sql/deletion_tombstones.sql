-- One tombstone for each order and item in temp.touched: a function of all that says it was deleted and of its row,
-- which is in known_orders or known_items. The order that an item was in is in their_orders.
INSERT INTO analytics.deletion_tombstones BY NAME
WITH evidence AS (
    FROM ordergroove.deletion_evidence SEMI JOIN touched USING (object, id)
),
known AS (
    SELECT 'orders' AS object, public_id AS id, public_id AS "order", NULL AS subscription, _raw, _synced_at
    FROM known_orders
    UNION ALL
    SELECT 'items', public_id, "order", subscription, _raw, _synced_at
    FROM known_items
),
judged AS (
    -- Whoever is fetched after we learned of the deletion exists. Both times are of our clock, so that no difference
    -- between clocks can make or lift a tombstone; ids never come back (guide: data pipelines), so a true deletion
    -- is never followed by such a fetch, however late its event arrives.
    SELECT evidence.*, coalesce(evidence.known_at >= known._synced_at, true) AS holds
    FROM evidence
    LEFT JOIN known USING (object, id)
),
chosen AS (
    -- What holds before what does not; an event before a finding, because it tells the time; then the earliest.
    SELECT *, min(known_at) OVER (PARTITION BY object, id, holds) AS detected_at
    FROM judged
    QUALIFY row_number() OVER (
        PARTITION BY object, id
        ORDER BY holds DESC, source = 'webhook' DESC, deleted_at, event_id, source
    ) = 1
),
told AS (
    SELECT
        event_id,
        json_extract(TRY_CAST(raw AS JSON), '$.data.object') AS body,
        body ->> '$.order'                                   AS "order",
        body ->> '$.subscription'                            AS subscription,
        body ->> '$.customer'                                AS customer
    FROM ordergroove.events
    WHERE event_id IN (SELECT event_id FROM chosen)
),
identified AS (
    SELECT
        chosen.*,
        known.id IS NOT NULL                                                                           AS is_known,
        coalesce(known."order", CASE chosen.object WHEN 'orders' THEN chosen.id ELSE told."order" END) AS "order",
        CASE WHEN known.id IS NOT NULL THEN known.subscription ELSE told.subscription END              AS subscription,
        told.customer                                                                                  AS told_customer,
        coalesce(known._raw, told.body)                                                                AS last_state,
        CASE WHEN NOT chosen.holds THEN known._synced_at END                                           AS lifted_at
    FROM chosen
    LEFT JOIN known USING (object, id)
    LEFT JOIN told USING (event_id)
)
SELECT
    identified.object,
    identified.id,
    identified.deleted_at,
    identified.deleted_after,
    identified.detected_at,
    identified.source,
    identified.event_id,
    identified."order",
    identified.subscription,
    coalesce(their_orders.customer, identified.told_customer) AS customer,
    identified.last_state,
    identified.lifted_at
FROM identified
LEFT JOIN their_orders ON their_orders.public_id = identified."order"
-- Test events have ids that do not exist (guide: via-webhooks). What was never fetched counts when its event names
-- a customer or an order that we know: it came and went between two syncs.
WHERE identified.is_known
   OR their_orders.public_id IS NOT NULL
   OR identified.told_customer IN (SELECT merchant_user_id FROM ordergroove.customers);

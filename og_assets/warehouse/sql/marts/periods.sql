-- One row per uninterrupted stretch in which a subscription was active. Its record knows one; history and webhooks
-- know the breaks.
WITH transitions AS (
    SELECT s, coalesce(created, start_date, updated, cancelled) AS happened, true AS is_on, 'record' AS evidence,
        NULL AS reason_code, created IS NULL AS is_estimated
    FROM subscriptions
    UNION ALL
    SELECT s, cancelled, false, 'record', reason_code, false
    FROM subscriptions
    WHERE NOT live
    UNION ALL
    SELECT s, happened, type NOT IN ('subscription.cancel', 'subscription.cancelled'), 'event', reason_code, false
    FROM subscription_events
    WHERE type <> 'subscription.change_components'
    UNION ALL
    SELECT s, cancelled, false, 'history', reason_code, false
    FROM subscription_states
    WHERE NOT live AND valid_to IS NOT NULL
    UNION ALL
    SELECT s, valid_from AT TIME ZONE 'UTC', true, 'history', NULL, false
    FROM subscription_states
    QUALIFY live AND NOT lag(live) OVER (PARTITION BY s ORDER BY valid_from, valid_to NULLS LAST, seen_at)
),
-- Of transitions in a row that say the same, the first "on" and the last "off" count: a take-up that nobody told of
-- is not invented, and the subscription was active until its last known cancellation.
marked AS (
    SELECT
        *,
        lag(is_on) OVER in_order IS DISTINCT FROM is_on  AS is_first,
        lead(is_on) OVER in_order IS DISTINCT FROM is_on AS is_last,
        lead(is_on) OVER in_order IS NULL                AS is_final
    FROM transitions
    WHERE happened IS NOT NULL
    WINDOW in_order AS (PARTITION BY s ORDER BY happened, is_on DESC, evidence, reason_code)
),
edges AS (
    SELECT s, happened, is_on, evidence, reason_code, is_estimated, 0 AS added
    FROM marked
    WHERE CASE WHEN is_on THEN is_first ELSE is_last END
    UNION ALL
    -- The record has the last word. Live after a cancellation, or not live without a date: its change stamp is the
    -- latest instant at which that can have happened.
    SELECT s, greatest(updated, happened), live, 'record', NULL, true, 1
    FROM marked
    JOIN subscriptions USING (s)
    WHERE is_final AND is_on <> live
),
paired AS (
    SELECT
        *,
        lead(happened) OVER in_order     AS ended_at,
        lead(evidence) OVER in_order     AS end_evidence,
        lead(reason_code) OVER in_order  AS end_reason_code,
        lead(is_estimated) OVER in_order AS is_end_estimated
    FROM edges
    WINDOW in_order AS (PARTITION BY s ORDER BY happened, added, is_on DESC)
)
SELECT
    s,
    CAST(row_number() OVER (PARTITION BY s ORDER BY happened, ended_at NULLS LAST) AS INTEGER) AS period,
    happened                                                     AS started_at,
    ended_at,
    least(business_day(happened, business_timezone), as_of_date) AS started_on,
    CASE
        WHEN ended_at IS NOT NULL THEN least(business_day(ended_at, business_timezone), as_of_date)
    END                                                          AS ended_on,
    end_reason_code                                              AS cancel_reason_code,
    evidence                                                     AS start_evidence,
    end_evidence,
    is_estimated OR coalesce(is_end_estimated, false)            AS is_estimated
FROM paired
CROSS JOIN marts_as_of
WHERE is_on

-- One row per uninterrupted stretch in which a subscription was active. Its record knows one; history and webhooks
-- know the breaks.
WITH unseen_take_ups AS (  -- seen without life, and cancelled after that: it was taken up in between, nobody told when
    SELECT s, cancelled AS happened, true AS is_on, 'history' AS evidence, NULL AS reason_code, true AS is_estimated
    FROM (
        SELECT *, lag(live) OVER in_order AS live_before, lag(seen_at) OVER in_order AS seen_before
        FROM subscription_states
        WINDOW in_order AS (PARTITION BY s ORDER BY valid_from, valid_to NULLS LAST, seen_at)
    ) AS states
    WHERE NOT live AND NOT live_before AND cancelled AT TIME ZONE 'UTC' > seen_before
        AND NOT EXISTS (
            FROM subscription_events AS told
            WHERE told.s = states.s
                AND told.type IN ('subscription.change_live', 'subscription.reactivate')
                AND told.happened BETWEEN (seen_before AT TIME ZONE 'UTC') AND states.cancelled
        )
),
transitions AS (
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
    UNION ALL
    FROM unseen_take_ups
),
-- Off and on in one second: what is active can only have ended first, and what is not only have begun.
at_once AS (
    SELECT s, happened
    FROM transitions
    WHERE s IN (SELECT s FROM subscription_events UNION SELECT s FROM subscription_states)
    GROUP BY ALL
    HAVING bool_or(is_on) AND NOT bool_and(is_on)
),
before_these AS (  -- they leave it as it was
    SELECT at_once.s, at_once.happened, coalesce(single.is_on, false) AS was_on
    FROM at_once
    ASOF LEFT JOIN (FROM transitions ANTI JOIN at_once USING (s, happened)) AS single
        ON single.s = at_once.s AND single.happened < at_once.happened
),
numbered AS (
    SELECT
        transitions.*,
        row_number() OVER (
            PARTITION BY s ORDER BY happened, is_on = coalesce(was_on, false), evidence, reason_code
        ) AS n
    FROM transitions
    LEFT JOIN before_these USING (s, happened)
    WHERE happened IS NOT NULL
),
-- Of transitions in a row that say the same, the first "on" and the last "off" count: a take-up that nobody told of
-- is not invented, and the subscription was active until its last known cancellation.
marked AS (
    SELECT
        *,
        lag(is_on) OVER in_order IS DISTINCT FROM is_on  AS is_first,
        lead(is_on) OVER in_order IS DISTINCT FROM is_on AS is_last,
        lead(is_on) OVER in_order IS NULL                AS is_final
    FROM numbered
    WINDOW in_order AS (PARTITION BY s ORDER BY n)
),
edges AS (
    SELECT s, happened, is_on, evidence, reason_code, is_estimated, n, 0 AS added
    FROM marked
    WHERE CASE WHEN is_on THEN is_first ELSE is_last END
    UNION ALL
    -- The record has the last word. Live after a cancellation, or not live without a date: its change stamp is the
    -- latest instant at which that can have happened.
    SELECT s, greatest(updated, happened), live, 'record', NULL, true, n, 1
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
    WINDOW in_order AS (PARTITION BY s ORDER BY n, added)
)
SELECT
    s,
    CAST(row_number() OVER (PARTITION BY s ORDER BY n, added) AS INTEGER) AS period,
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

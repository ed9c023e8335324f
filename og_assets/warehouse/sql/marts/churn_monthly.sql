WITH edges AS (
    SELECT
        'subscription'                             AS level,
        month_of(started_on)                       AS month,
        CAST(period = 1 AS INTEGER)                AS new,
        CAST(period > 1 AS INTEGER)                AS returned,
        0                                          AS cancelled,
        0                                          AS cancelled_passive,
        0                                          AS cancelled_of_opening
    FROM periods
    UNION ALL
    SELECT 'subscription', month, 0, 0, 1, CAST(churn_type = 'passive' AS INTEGER),
        CAST(cancelled_on - CAST(days_active AS INTEGER) < month AS INTEGER)  -- it was there when the month began
    FROM cancellations
    UNION ALL
    SELECT 'customer', month_of(started_on), CAST(period = 1 AS INTEGER), CAST(period > 1 AS INTEGER), 0, 0, 0
    FROM stretches
    UNION ALL
    SELECT 'customer', month_of(ended_on), 0, 0, 1, 0, CAST(started_on < month_of(ended_on) AS INTEGER)
    FROM stretches
    WHERE ended_on IS NOT NULL
),
months AS (
    SELECT level, CAST(unnest(generate_series(
        (SELECT CAST(min(month) AS TIMESTAMP) FROM edges), CAST(as_of_month AS TIMESTAMP), INTERVAL 1 MONTH
    )) AS DATE) AS month
    FROM marts_as_of
    CROSS JOIN (VALUES ('subscription'), ('customer')) AS levels (level)
),
sums AS (
    SELECT
        level,
        month,
        sum(new)                       AS new,
        sum(returned)                  AS returned,
        sum(cancelled)                 AS cancelled,
        sum(cancelled_passive)         AS cancelled_passive,
        sum(cancelled_of_opening)      AS cancelled_of_opening,
        sum(new + returned - cancelled) AS net
    FROM edges
    GROUP BY ALL
),
running AS (
    SELECT
        level, month, new, returned, cancelled, cancelled_passive, cancelled_of_opening,
        coalesce(net, 0) AS net,
        sum(coalesce(net, 0)) OVER (PARTITION BY level ORDER BY month ROWS UNBOUNDED PRECEDING) AS closing
    FROM months
    LEFT JOIN sums USING (level, month)
)
SELECT
    level,
    month,
    month < as_of_month                AS is_complete,
    closing - net                      AS opening,
    coalesce(new, 0)                   AS new,
    coalesce(returned, 0)              AS returned,
    coalesce(cancelled, 0)             AS cancelled,
    CASE WHEN level = 'subscription' THEN coalesce(cancelled_passive, 0) END AS cancelled_passive,
    coalesce(cancelled_of_opening, 0)  AS cancelled_of_opening,
    closing,
    coalesce(cancelled_of_opening, 0) / nullif(closing - net, 0) AS churn_rate
FROM running
CROSS JOIN marts_as_of

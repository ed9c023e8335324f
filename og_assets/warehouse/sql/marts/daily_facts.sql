WITH due AS (
    SELECT
        place_date                                                  AS day,
        currency_code,
        count(*)                                                    AS orders_due,
        count(*) FILTER (outcome = 'placed')                        AS orders_placed,
        count(*) FILTER (outcome = 'recovered')                     AS orders_recovered,
        count(*) FILTER (outcome = 'rejected')                      AS orders_rejected,
        count(*) FILTER (outcome = 'in_retry')                      AS orders_in_retry,
        count(*) FILTER (outcome = 'in_placement')                  AS orders_in_placement,
        count(*) FILTER (outcome = 'skipped')                       AS orders_skipped,
        count(*) FILTER (outcome = 'shop_cancel')                   AS orders_shop_cancel,
        count(*) FILTER (outcome = 'merged')                        AS orders_merged,
        count(*) FILTER (outcome = 'deleted')                       AS orders_deleted,
        count(*) FILTER (outcome = 'scheduled')                     AS orders_overdue,
        count(*) FILTER (outcome = 'unknown')                       AS orders_unknown,
        count(*) FILTER (is_placed AND at_row IN (SELECT at_row FROM lines WHERE is_one_time)) AS orders_with_one_time,
        sum(units) FILTER (is_placed)                               AS units,
        sum(subscription_revenue) FILTER (is_placed)                AS subscription_revenue,
        sum(one_time_revenue) FILTER (is_placed)                    AS one_time_revenue,
        sum(sub_total) FILTER (is_placed)                           AS revenue,
        sum(discount_total) FILTER (is_placed)                      AS discount_total,
        sum(shipping_total) FILTER (is_placed)                      AS shipping_total,
        sum(tax_total) FILTER (is_placed)                           AS tax_total,
        sum(total) FILTER (is_placed)                               AS total
    FROM orders
    CROSS JOIN marts_as_of
    WHERE place_date <= as_of_date
    GROUP BY ALL
),
edges AS (
    SELECT started_on AS day, currency_code, CAST(period = 1 AS INTEGER) AS new, CAST(period > 1 AS INTEGER) AS returned, 0 AS cancelled
    FROM periods
    JOIN terms USING (s)
    UNION ALL
    SELECT ended_on, currency_code, 0, 0, 1
    FROM periods
    JOIN terms USING (s)
    WHERE ended_on IS NOT NULL
),
subscribed AS (
    SELECT day, currency_code, sum(new) AS new, sum(returned) AS returned, sum(cancelled) AS cancelled
    FROM edges
    GROUP BY ALL
),
days AS (
    SELECT
        CAST(unnest(generate_series(
            CAST(least((SELECT min(day) FROM due), (SELECT min(day) FROM subscribed)) AS TIMESTAMP),
            CAST(as_of_date AS TIMESTAMP),
            INTERVAL 1 DAY
        )) AS DATE) AS day,
        currency_code
    FROM marts_as_of
    CROSS JOIN (SELECT currency_code FROM due UNION SELECT currency_code FROM subscribed)
)
SELECT
    day,
    currency_code,
    coalesce(COLUMNS(due.* EXCLUDE (day, currency_code)), 0),
    coalesce(subscribed.new, 0)        AS new_subscriptions,
    coalesce(subscribed.returned, 0)   AS returned_subscriptions,
    coalesce(subscribed.cancelled, 0)  AS cancelled_subscriptions,
    sum(coalesce(subscribed.new + subscribed.returned - subscribed.cancelled, 0)) OVER (
        PARTITION BY currency_code ORDER BY day ROWS UNBOUNDED PRECEDING
    )                                  AS active_subscriptions
FROM days
LEFT JOIN due USING (day, currency_code)
LEFT JOIN subscribed USING (day, currency_code)

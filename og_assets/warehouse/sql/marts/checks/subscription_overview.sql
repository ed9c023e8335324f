-- ERROR: one row per subscription of ordergroove.subscriptions
SELECT subscription FROM (SELECT subscription FROM subscription_overview UNION ALL SELECT subscription FROM subscriptions)
GROUP BY subscription
HAVING count(*) <> 2;

-- ERROR: sum of mrr = closing of the running month, and only active ones have any
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(closing_mrr), 0) FROM mrr_monthly JOIN marts_as_of ON month = as_of_month) AS closing,
        (SELECT coalesce(sum(mrr), 0) FROM subscription_overview)                                       AS mrr,
        (SELECT coalesce(sum(mrr), 0) FROM subscription_overview WHERE is_active)                       AS of_active
)
WHERE closing <> mrr OR mrr <> of_active;

-- ERROR: revenue = subscription_revenue of placed orders
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(revenue), 0) FROM subscription_overview) AS told,
        (SELECT coalesce(sum(subscription_revenue), 0) FROM orders WHERE is_placed) AS placed,
        (
            SELECT coalesce(sum(total_price), 0)
            FROM lines
            JOIN orders USING (at_row)
            LEFT JOIN subscriptions USING (s)
            LEFT JOIN subscription_overview USING (subscription)
            WHERE is_placed AND NOT is_one_time AND revenue IS NULL
        ) AS of_unknown_or_mixed
)
WHERE told + of_unknown_or_mixed <> placed;

-- WARN 0.01: active subscriptions without an interval, or without any amount to value them by
SELECT
    count(*) FILTER (
        boxes_numerator IS NULL
        OR (
            list_value IS NULL
            AND (boxes_per_billing IS NULL OR last_renewal_revenue IS NULL)
            AND s NOT IN (SELECT s FROM shipments WHERE revenue IS NOT NULL)
        )
    )        AS found,
    count(*) AS among
FROM terms
WHERE live;

-- WARN 0.01: prepaid subscriptions without last_renewal_revenue
SELECT count(*) FILTER (last_renewal_revenue IS NULL) AS found, count(*) AS among
FROM terms
WHERE boxes_per_billing > 0;

-- WARN 0.05: active subscriptions without a next order
SELECT count(*) FILTER (lifecycle = 'without_next_order') AS found, count(*) AS among
FROM subscription_overview
WHERE is_active;

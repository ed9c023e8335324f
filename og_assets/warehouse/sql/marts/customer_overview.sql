WITH subscribed AS (
    SELECT
        customer,
        count(*)                                                                      AS subscriptions,
        count(*) FILTER (is_active)                                                   AS active_subscriptions,
        count(*) FILTER (lifecycle IN ('disengaged', 'payment_failing', 'without_next_order')) AS subscriptions_at_risk,
        count(*) FILTER (lifecycle = 'disengaged')                                    AS disengaged,
        min(next_order_on) FILTER (is_active)                                         AS next_order_on,
        sum(skips)                                                                    AS skips
    FROM subscription_overview
    GROUP BY customer
),
bought AS (
    SELECT
        customer,
        count(*) FILTER (is_placed)                                          AS orders_placed,
        count(*) FILTER (outcome = 'rejected')                               AS orders_rejected,
        min(place_date) FILTER (is_placed)                                   AS first_order_on,
        max(place_date) FILTER (is_placed)                                   AS last_order_on
    FROM orders
    WHERE outcome <> 'deleted'
    GROUP BY customer
),
-- By currency, and then only what is in one: amounts of different currencies are never added.
amounts AS (
    SELECT customer, currency_code, sub_total AS revenue, one_time_revenue, discount_total AS discount, total AS billed, NULL AS mrr
    FROM orders
    WHERE is_placed
    UNION ALL
    SELECT terms.customer, arg_max(mrr_points.currency_code, month), NULL, NULL, NULL, NULL, arg_max(mrr_points.mrr, month)
    FROM mrr_points
    JOIN terms USING (s)
    WHERE terms.live
    GROUP BY s, terms.customer
    HAVING arg_max(mrr_points.mrr, month) > 0
),
paid AS (
    SELECT
        customer,
        min(currency_code)                      AS currency_code,
        min(currency_code) <> max(currency_code) AS is_mixed,
        sum(revenue)                            AS revenue,
        sum(one_time_revenue)                   AS one_time_revenue,
        sum(discount)                           AS discount,
        sum(billed)                             AS billed,
        sum(mrr)                                AS mrr
    FROM amounts
    GROUP BY customer
),
lives AS (
    SELECT
        c,
        min(started_on)                 AS subscribed_on,
        arg_max_null(ended_on, period)  AS churned_on,
        count(*)                        AS periods
    FROM stretches
    GROUP BY c
)
SELECT
    customers.customer,
    CASE
        WHEN subscribed.customer IS NULL                             THEN 'never_subscribed'
        WHEN subscribed.active_subscriptions = 0                     THEN 'churned'
        WHEN subscribed.disengaged = subscribed.active_subscriptions THEN 'disengaged'
        WHEN subscribed.subscriptions_at_risk > 0                    THEN 'at_risk'
        ELSE 'active'
    END                                                              AS lifecycle,
    lives.subscribed_on,
    CASE WHEN subscribed.active_subscriptions = 0 THEN lives.churned_on END AS churned_on,
    coalesce(lives.periods, 0)                                       AS periods,
    coalesce(subscribed.subscriptions, 0)                            AS subscriptions,
    coalesce(subscribed.active_subscriptions, 0)                     AS active_subscriptions,
    coalesce(subscribed.subscriptions_at_risk, 0)                    AS subscriptions_at_risk,
    coalesce(bought.orders_placed, 0)                                AS orders_placed,
    coalesce(bought.orders_rejected, 0)                              AS orders_rejected,
    coalesce(subscribed.skips, 0)                                    AS skips,
    bought.first_order_on,
    bought.last_order_on,
    subscribed.next_order_on,
    CASE WHEN paid.is_mixed IS NOT true THEN coalesce(paid.revenue, 0) END          AS revenue,
    CASE WHEN paid.is_mixed IS NOT true THEN coalesce(paid.one_time_revenue, 0) END AS one_time_revenue,
    CASE WHEN paid.is_mixed IS NOT true THEN coalesce(paid.discount, 0) END         AS discount,
    CASE WHEN paid.is_mixed IS NOT true THEN coalesce(paid.billed, 0) END           AS billed,
    CASE WHEN paid.is_mixed IS NOT true THEN coalesce(paid.mrr, 0) END              AS mrr,
    CASE WHEN paid.is_mixed IS NOT true THEN paid.currency_code END                 AS currency_code
FROM customers
LEFT JOIN subscribed USING (customer)
LEFT JOIN bought USING (customer)
LEFT JOIN paid USING (customer)
LEFT JOIN lives USING (c)

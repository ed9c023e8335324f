-- Revenue of placed orders by day, for the last 90 days.
SELECT
    currency_code,
    day,
    orders_placed + orders_recovered                                        AS orders,
    subscription_revenue,
    one_time_revenue,
    revenue,
    orders_rejected
FROM analytics.daily_facts, analytics.marts_as_of
WHERE day > as_of_date - 90
ORDER BY day, currency_code;

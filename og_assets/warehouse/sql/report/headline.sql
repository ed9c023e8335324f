-- What stands on top: subscriptions and customers now, churn of the last full month, units of the next four weeks.
SELECT
    (SELECT count(*) FROM analytics.subscription_overview WHERE is_active)  AS active_subscriptions,
    (SELECT count(*) FROM analytics.subscription_overview
        WHERE lifecycle IN ('disengaged', 'payment_failing', 'without_next_order')) AS subscriptions_at_risk,
    (SELECT count(*) FROM analytics.customer_overview WHERE active_subscriptions > 0) AS active_customers,
    churn.month                                                             AS churn_month,
    churn.churn_rate,
    (SELECT coalesce(sum(units), 0) FROM analytics.order_forecast
        WHERE place_date < marts_as_of.as_of_date + 28)                     AS units_planned,
    (SELECT coalesce(sum(expected_units), 0) FROM analytics.order_forecast
        WHERE place_date < marts_as_of.as_of_date + 28)                     AS units_expected
FROM analytics.marts_as_of
LEFT JOIN (
    SELECT month, churn_rate FROM analytics.churn_monthly
    WHERE level = 'subscription' AND is_complete
    ORDER BY month DESC
    LIMIT 1
) AS churn ON true;

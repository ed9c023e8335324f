-- Comings and goings of subscriptions and customers: the running month and the twelve before it.
SELECT
    level,
    month,
    is_complete,
    opening,
    new,
    returned,
    cancelled,
    cancelled_passive,
    cancelled_of_opening,
    closing,
    churn_rate
FROM analytics.churn_monthly, analytics.marts_as_of
WHERE month >= as_of_month - INTERVAL 12 MONTH
ORDER BY level DESC, month;

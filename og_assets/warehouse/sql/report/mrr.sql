-- The waterfall of monthly recurring revenue: the running month and the twelve before it.
SELECT
    currency_code,
    month,
    is_complete,
    opening_mrr,
    new_mrr,
    reactivation_mrr,
    expansion_mrr,
    contraction_mrr,
    churn_mrr,
    closing_mrr
FROM analytics.mrr_monthly, analytics.marts_as_of
WHERE month >= as_of_month - INTERVAL 12 MONTH
ORDER BY month, currency_code;

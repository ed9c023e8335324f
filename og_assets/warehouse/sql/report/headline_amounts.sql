-- Recurring revenue now, by currency, and the part of it that is at risk.
WITH at_risk AS (
    SELECT currency_code, sum(amount) AS mrr
    FROM analytics.mrr_movements
    WHERE subscription IN (
        SELECT subscription
        FROM analytics.subscription_overview
        WHERE lifecycle IN ('disengaged', 'payment_failing', 'without_next_order')
    )
    GROUP BY ALL
)
SELECT
    monthly.currency_code,
    monthly.closing_mrr                                                     AS mrr,
    monthly.closing_mrr - monthly.opening_mrr                               AS change_this_month,
    coalesce(at_risk.mrr, 0)                                                AS mrr_at_risk
FROM analytics.mrr_monthly AS monthly
JOIN analytics.marts_as_of ON monthly.month = marts_as_of.as_of_month
LEFT JOIN at_risk ON at_risk.currency_code = monthly.currency_code
ORDER BY monthly.currency_code;

-- ERROR: opening + new + expansion + reactivation - contraction - churn = closing
SELECT month
FROM mrr_monthly
WHERE opening_mrr + new_mrr + expansion_mrr + reactivation_mrr - contraction_mrr - churn_mrr <> closing_mrr;

-- ERROR: opening = closing of the month before
SELECT month
FROM (
    SELECT *, lag(closing_mrr, 1, 0) OVER by_month AS closing_before, lag(month) OVER by_month AS month_before
    FROM mrr_monthly
    WINDOW by_month AS (PARTITION BY currency_code ORDER BY month)
)
WHERE opening_mrr <> closing_before OR month_before + INTERVAL 1 MONTH <> month;

-- ERROR: the last closing = the sum of all movements
SELECT currency_code
FROM (
    SELECT currency_code, closing_mrr AS amount FROM mrr_monthly JOIN marts_as_of ON month = as_of_month
    UNION ALL
    SELECT currency_code, -amount FROM mrr_movements
)
GROUP BY currency_code
HAVING sum(amount) <> 0;

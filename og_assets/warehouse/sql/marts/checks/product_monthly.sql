-- ERROR: revenue = items of placed orders
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(revenue), 0) FROM product_monthly)                        AS told,
        (
            SELECT coalesce(sum(subscription_revenue + one_time_revenue), 0)
            FROM orders
            CROSS JOIN marts_as_of
            WHERE is_placed AND place_date <= as_of_date
        ) AS placed
)
WHERE told <> placed;

-- ERROR: opening + movements + swap = closing
SELECT month
FROM product_monthly
WHERE opening_mrr + new_mrr + expansion_mrr + reactivation_mrr - contraction_mrr - churn_mrr + swap_mrr <> closing_mrr;

-- ERROR: closings of all products = closing of mrr_monthly
SELECT month
FROM (
    SELECT month, currency_code, closing_mrr FROM product_monthly
    UNION ALL
    SELECT month, currency_code, -closing_mrr FROM mrr_monthly
)
GROUP BY month, currency_code
HAVING sum(closing_mrr) <> 0;

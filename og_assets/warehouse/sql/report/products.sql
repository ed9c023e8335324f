-- Products of the last full month (of the running one while there is no other) by currency; 15 of each, the others in one
-- row.
WITH months AS (
    SELECT coalesce(max(month) FILTER (is_complete), max(month)) AS month FROM analytics.mrr_monthly
),
ranked AS (
    SELECT
        product_monthly.*,
        least(row_number() OVER (
            PARTITION BY currency_code ORDER BY revenue DESC, closing_mrr DESC, product
        ), 16)                                                              AS rank
    FROM analytics.product_monthly
    SEMI JOIN months USING (month)
    WHERE units > 0 OR closing_mrr > 0
)
SELECT
    month,
    currency_code,
    rank,
    CASE WHEN rank <= 15 THEN any_value(product) END                        AS product,
    CASE WHEN rank <= 15 THEN any_value(name) END                           AS name,
    CASE WHEN rank > 15 THEN count(*) END                                   AS others,
    CAST(sum(units) AS BIGINT)                                              AS units,
    sum(subscription_revenue)                                               AS subscription_revenue,
    sum(one_time_revenue)                                                   AS one_time_revenue,
    sum(revenue)                                                            AS revenue,
    sum(closing_mrr)                                                        AS closing_mrr
FROM ranked
GROUP BY month, currency_code, rank
ORDER BY currency_code, rank;

WITH placed AS (
    SELECT
        month,
        product_numbers.product,
        currency_code,
        sum(units)                                          AS units,
        coalesce(sum(units) FILTER (is_one_time), 0)        AS one_time_units,
        sum(lines)                                          AS lines,
        sum(list_value)                                     AS list_value,
        coalesce(sum(revenue) FILTER (NOT is_one_time), 0)  AS subscription_revenue,
        coalesce(sum(revenue) FILTER (is_one_time), 0)      AS one_time_revenue,
        sum(revenue)                                        AS revenue
    FROM line_months
    LEFT JOIN product_numbers USING (p)
    GROUP BY ALL
),
recurring AS (
    SELECT
        month,
        product,
        currency_code,
        sum(amount) FILTER (movement = 'new')          AS new_mrr,
        sum(amount) FILTER (movement = 'expansion')    AS expansion_mrr,
        sum(amount) FILTER (movement = 'reactivation') AS reactivation_mrr,
        -sum(amount) FILTER (movement = 'contraction') AS contraction_mrr,
        -sum(amount) FILTER (movement = 'churn')       AS churn_mrr,
        sum(amount) FILTER (movement = 'swap')         AS swap_mrr,
        sum(amount)                                    AS net
    FROM mrr_movements
    GROUP BY ALL
),
keys AS (  -- a product that has had recurring revenue has a row in every month since
    SELECT month, product, currency_code
    FROM placed
    UNION
    SELECT
        CAST(unnest(generate_series(CAST(first_month AS TIMESTAMP), CAST(as_of_month AS TIMESTAMP), INTERVAL 1 MONTH)) AS DATE),
        product,
        currency_code
    FROM (SELECT product, currency_code, min(month) AS first_month FROM recurring GROUP BY ALL)
    CROSS JOIN marts_as_of
)
SELECT
    keys.month,
    keys.product,
    products.name,
    products.sku,
    keys.currency_code,
    coalesce(placed.units, 0)                          AS units,
    coalesce(placed.one_time_units, 0)                 AS one_time_units,
    coalesce(placed.lines, 0)                          AS lines,
    coalesce(placed.list_value, 0)                     AS list_value,
    coalesce(placed.list_value - placed.revenue, 0)    AS line_discount,
    coalesce(placed.subscription_revenue, 0)           AS subscription_revenue,
    coalesce(placed.one_time_revenue, 0)               AS one_time_revenue,
    coalesce(placed.revenue, 0)                        AS revenue,
    coalesce(sum(recurring.net) OVER so_far, 0) - coalesce(recurring.net, 0) AS opening_mrr,
    coalesce(recurring.new_mrr, 0)                     AS new_mrr,
    coalesce(recurring.expansion_mrr, 0)               AS expansion_mrr,
    coalesce(recurring.reactivation_mrr, 0)            AS reactivation_mrr,
    coalesce(recurring.contraction_mrr, 0)             AS contraction_mrr,
    coalesce(recurring.churn_mrr, 0)                   AS churn_mrr,
    coalesce(recurring.swap_mrr, 0)                    AS swap_mrr,
    coalesce(sum(recurring.net) OVER so_far, 0)        AS closing_mrr
FROM keys
LEFT JOIN placed ON placed.month = keys.month
    AND placed.product IS NOT DISTINCT FROM keys.product
    AND placed.currency_code = keys.currency_code
LEFT JOIN recurring ON recurring.month = keys.month
    AND recurring.product IS NOT DISTINCT FROM keys.product
    AND recurring.currency_code = keys.currency_code
LEFT JOIN products ON products.product = keys.product
WINDOW so_far AS (PARTITION BY keys.product, keys.currency_code ORDER BY keys.month ROWS UNBOUNDED PRECEDING)

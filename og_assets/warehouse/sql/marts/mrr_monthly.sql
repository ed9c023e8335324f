WITH months AS (
    SELECT CAST(unnest(generate_series(
        (SELECT CAST(min(month_of(started_on)) AS TIMESTAMP) FROM periods), CAST(as_of_month AS TIMESTAMP), INTERVAL 1 MONTH
    )) AS DATE) AS month
    FROM marts_as_of
),
amounts AS (
    SELECT
        month,
        currency_code,
        coalesce(sum(amount) FILTER (movement = 'new'), 0)          AS new_mrr,
        coalesce(sum(amount) FILTER (movement = 'expansion'), 0)    AS expansion_mrr,
        coalesce(sum(amount) FILTER (movement = 'reactivation'), 0) AS reactivation_mrr,
        coalesce(-sum(amount) FILTER (movement = 'contraction'), 0) AS contraction_mrr,
        coalesce(-sum(amount) FILTER (movement = 'churn'), 0)       AS churn_mrr,
        sum(amount)                                                 AS net
    FROM mrr_movements
    GROUP BY ALL
),
running AS (
    SELECT
        months.month,
        currencies.currency_code,
        amounts.* EXCLUDE (month, currency_code, net),
        coalesce(amounts.net, 0)                            AS net,
        sum(coalesce(amounts.net, 0)) OVER (
            PARTITION BY currencies.currency_code ORDER BY months.month ROWS UNBOUNDED PRECEDING
        )                                                   AS closing_mrr
    FROM months
    CROSS JOIN (SELECT DISTINCT currency_code FROM mrr_movements) AS currencies
    LEFT JOIN amounts USING (month, currency_code)
)
SELECT
    month,
    currency_code,
    month < as_of_month           AS is_complete,
    closing_mrr - net             AS opening_mrr,
    coalesce(new_mrr, 0)          AS new_mrr,
    coalesce(expansion_mrr, 0)    AS expansion_mrr,
    coalesce(reactivation_mrr, 0) AS reactivation_mrr,
    coalesce(contraction_mrr, 0)  AS contraction_mrr,
    coalesce(churn_mrr, 0)        AS churn_mrr,
    closing_mrr,
    coalesce(contraction_mrr + churn_mrr, 0) / nullif(closing_mrr - net, 0) AS gross_churn_rate,
    coalesce(contraction_mrr + churn_mrr - expansion_mrr - reactivation_mrr, 0) / nullif(closing_mrr - net, 0) AS net_churn_rate
FROM running
CROSS JOIN marts_as_of

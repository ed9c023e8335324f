WITH cohorts AS (
    SELECT month_of(started_on) AS cohort_month, orders_placed, is_active, count(*) AS members
    FROM subscription_overview
    WHERE started_on IS NOT NULL AND NOT is_imported
    GROUP BY ALL
)
SELECT
    cohort_month,
    order_number,
    sum(members)                                                                         AS cohort_size,
    coalesce(sum(members) FILTER (orders_placed >= order_number), 0)                     AS reached,
    coalesce(sum(members) FILTER (orders_placed < order_number AND NOT is_active), 0)    AS ended_before,
    coalesce(sum(members) FILTER (orders_placed < order_number AND is_active), 0)        AS on_their_way
FROM cohorts
CROSS JOIN range(1, 25) AS numbers (order_number)
GROUP BY ALL

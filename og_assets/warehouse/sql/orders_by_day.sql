-- What a picture of the orders shows: per place date from $from to $until, how many orders and how much, by what became
-- of them. Amounts are those in the currency that most of these orders have; others are counted and not added.
WITH shown AS (
    SELECT
        totals.place_date                                           AS day,
        CASE
            WHEN statuses.name = 'SUCCESS' THEN 'placed'
            WHEN statuses.is_open THEN 'to come'
            ELSE 'not placed'
        END                                                         AS outcome,
        totals.total,
        totals.currency_code
    FROM analytics.order_totals AS totals
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = totals.status
    WHERE NOT totals.is_deleted AND totals.place_date BETWEEN $from AND $until
)
SELECT
    day,
    outcome,
    count(*)                                                        AS orders,
    coalesce(sum(total) FILTER (WHERE currency_code = currency), 0) AS revenue,
    currency
FROM shown, (SELECT mode(currency_code) AS currency FROM shown)
GROUP BY ALL
ORDER BY ALL;

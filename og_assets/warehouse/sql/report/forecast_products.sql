-- Units as planned by product and week, for eight weeks; the 20 products with the most, and all others in one row.
WITH weeks AS (
    SELECT
        week_of,
        product,
        CAST(sum(units) AS BIGINT)                                          AS units,
        sum(expected_units ORDER BY place_date, currency_code, source)      AS expected_units
    FROM analytics.order_forecast, analytics.marts_as_of
    WHERE week_of < date_trunc('week', as_of_date) + INTERVAL 8 WEEK
    GROUP BY ALL
),
ranked AS (
    SELECT
        product,
        least(row_number() OVER (ORDER BY sum(units) DESC, product), 21)    AS rank
    FROM weeks
    GROUP BY product
),
shown AS (
    SELECT
        rank,
        CASE WHEN rank <= 20 THEN any_value(product) END                    AS product,
        CASE WHEN rank > 20 THEN count(*) END                               AS others
    FROM ranked
    GROUP BY rank
)
SELECT
    shown.rank,
    shown.product,
    names.name,
    shown.others,
    weeks.week_of,
    CAST(sum(weeks.units) AS BIGINT)                                        AS units,
    sum(weeks.expected_units ORDER BY weeks.product)                        AS expected_units
FROM weeks
JOIN ranked ON ranked.product IS NOT DISTINCT FROM weeks.product
JOIN shown ON shown.rank = ranked.rank
LEFT JOIN ordergroove.products AS names ON names.external_product_id = shown.product
GROUP BY ALL
ORDER BY rank, week_of;

-- The items that were placed by the as-of day, by month, product and offer.
SELECT
    month_of(place_date)                       AS month,
    currency_code,
    p,
    offer,
    is_one_time,
    CAST(count(*) AS BIGINT)                   AS lines,
    CAST(coalesce(sum(quantity), 0) AS BIGINT) AS units,
    CAST(coalesce(sum(total_price), 0) AS DECIMAL(18, 4))      AS revenue,
    CAST(coalesce(sum(coalesce(quantity * price, total_price)), 0) AS DECIMAL(18, 4)) AS list_value
FROM lines
JOIN orders USING (at_row)
CROSS JOIN marts_as_of
WHERE is_placed AND place_date <= as_of_date
GROUP BY ALL

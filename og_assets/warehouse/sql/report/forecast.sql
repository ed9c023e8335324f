-- Units of the next twelve months by week: as planned, by what they come from, and as expected.
SELECT
    week_of,
    source,
    CAST(sum(units) AS BIGINT)                                              AS units,
    sum(expected_units ORDER BY place_date, product, currency_code)         AS expected_units
FROM analytics.order_forecast, analytics.marts_as_of
WHERE place_date <= as_of_date + 365
GROUP BY ALL
ORDER BY week_of, source;

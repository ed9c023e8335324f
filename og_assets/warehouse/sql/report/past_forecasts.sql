-- Forecasts beside what came: units of the four weeks that began after each was made, once these are over; the last eight.
WITH forecasts AS (
    SELECT
        made_on,
        CAST(date_trunc('week', made_on) AS DATE) + 7                       AS first_day,
        CAST(sum(units) AS BIGINT)                                          AS units,
        sum(expected_units ORDER BY week_of, product)                       AS expected_units
    FROM analytics.order_forecast_log
    WHERE week_of > made_on AND week_of <= made_on + 28
    GROUP BY ALL
)
SELECT
    made_on,
    first_day,
    forecasts.units,
    expected_units,
    CAST(coalesce(sum(facts.units), 0) AS BIGINT)                           AS placed
FROM forecasts
CROSS JOIN analytics.marts_as_of
LEFT JOIN analytics.daily_facts AS facts ON facts.day >= first_day AND facts.day < first_day + 28
WHERE first_day + 28 <= as_of_date
GROUP BY made_on, first_day, forecasts.units, expected_units
ORDER BY made_on DESC
LIMIT 8;

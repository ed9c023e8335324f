-- The forecast of this week, once: the first that is made in it.
SELECT as_of_date AS made_on, week_of, product, sum(units) AS units, sum(expected_units) AS expected_units
FROM order_forecast
CROSS JOIN marts_as_of
GROUP BY ALL

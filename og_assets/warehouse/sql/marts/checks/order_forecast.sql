-- ERROR: value and units of what is not projected = items of open orders
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(value), 0) FROM order_forecast WHERE source <> 'projected') AS value,
        (SELECT coalesce(sum(units), 0) FROM order_forecast WHERE source <> 'projected') AS units,
        coalesce(sum(subscription_revenue + one_time_revenue), 0)                        AS open_value,
        coalesce(sum(orders.units), 0)                                                   AS open_units
    FROM orders
    WHERE outcome IN ('scheduled', 'in_placement', 'in_retry')
)
WHERE value <> open_value OR units <> open_units;

-- ERROR: nothing before the as-of day, nothing projected beyond a year, nothing expected beyond what is planned
SELECT place_date
FROM order_forecast
CROSS JOIN marts_as_of
WHERE place_date < as_of_date
    OR (source = 'projected' AND place_date > as_of_date + 365)
    OR expected_units > units + 0.001;

-- WARN 0.25: a year's planned value / 12 beside closing mrr (in cents)
SELECT
    CAST(100 * abs(coalesce(sum(amount), 0)) AS BIGINT)                    AS found,
    CAST(100 * coalesce(sum(amount) FILTER (amount > 0), 0) AS BIGINT)     AS among
FROM (
    SELECT value / 12 AS amount FROM order_forecast
    UNION ALL
    SELECT -mrr FROM subscription_overview
);

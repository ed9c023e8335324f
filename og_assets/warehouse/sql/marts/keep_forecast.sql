-- The forecast of this week, unless the week has one.
INSERT INTO analytics.order_forecast_log BY NAME
FROM scratch.order_forecast_log
WHERE NOT EXISTS (
    FROM analytics.order_forecast_log AS kept
    CROSS JOIN scratch.marts_as_of
    WHERE date_trunc('week', kept.made_on) = date_trunc('week', as_of_date)
);

-- Boxes left out, by the week in which they were skipped: the running week and the 25 before it.
WITH weeks AS (
    SELECT CAST(unnest(generate_series(
        date_trunc('week', as_of_date) - INTERVAL 25 WEEK, date_trunc('week', as_of_date), INTERVAL 1 WEEK
    )) AS DATE)                                                             AS week_of
    FROM analytics.marts_as_of
)
SELECT
    weeks.week_of,
    count(*) FILTER (skips.kind = 'order')                                  AS orders,
    count(*) FILTER (skips.kind = 'shipment')                               AS shipments
FROM weeks
LEFT JOIN analytics.skips ON date_trunc('week', skips.skipped_on) = weeks.week_of
GROUP BY ALL
ORDER BY weeks.week_of;

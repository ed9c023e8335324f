-- What the forecast is based on, in one row, so that anyone can question it.
WITH months AS (
    SELECT CAST(unnest(generate_series(
        CAST(as_of_month AS TIMESTAMP) - INTERVAL 6 MONTH, CAST(as_of_month AS TIMESTAMP) - INTERVAL 1 MONTH, INTERVAL 1 MONTH
    )) AS DATE) AS month
    FROM marts_as_of
),
exposure AS (  -- active when a month began, and of these ended within it
    SELECT count(*) AS at_start, count(*) FILTER (ended_on < months.month + INTERVAL 1 MONTH) AS ended
    FROM months
    JOIN periods ON started_on < months.month AND (ended_on IS NULL OR ended_on >= months.month)
),
due AS (
    SELECT
        count(*) FILTER (is_placed)             AS placed,
        count(*) FILTER (outcome = 'recovered') AS recovered,
        count(*) FILTER (outcome = 'rejected')  AS rejected,
        count(*)                                AS decided
    FROM orders
    CROSS JOIN marts_as_of
    WHERE outcome IN ('placed', 'recovered', 'rejected', 'skipped', 'shop_cancel')
        AND place_date BETWEEN as_of_date - 90 AND as_of_date - 1
)
SELECT
    as_of_date,
    ended / nullif(at_start, 0)                  AS monthly_churn_rate,
    placed / nullif(decided, 0)                  AS placement_rate,
    recovered / nullif(recovered + rejected, 0)  AS recovery_rate,
    at_start                                     AS churn_exposure,
    decided                                      AS orders_decided
FROM marts_as_of
CROSS JOIN exposure
CROSS JOIN due

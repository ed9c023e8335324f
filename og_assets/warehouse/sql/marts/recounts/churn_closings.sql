-- Months whose closing is not what is active on the last day, counted from the periods.
WITH ends AS (
    SELECT level, month, closing, least(last_day(month), as_of_date) AS day
    FROM churn_monthly
    CROSS JOIN marts_as_of
),
counted AS (
    SELECT level, month, count(*) AS active
    FROM ends
    JOIN (SELECT 'subscription' AS level, * FROM periods UNION ALL BY NAME SELECT 'customer' AS level, * FROM stretches) AS lives
        USING (level)
    WHERE lives.started_on <= ends.day AND (lives.ended_on IS NULL OR lives.ended_on > ends.day)
    GROUP BY ALL
)
SELECT month
FROM ends
LEFT JOIN counted USING (level, month)
WHERE closing <> coalesce(active, 0)

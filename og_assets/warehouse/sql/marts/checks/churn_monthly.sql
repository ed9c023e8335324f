-- ERROR: opening + new + returned - cancelled = closing, and opening = closing of the month before
SELECT month
FROM (SELECT *, lag(closing, 1, 0) OVER (PARTITION BY level ORDER BY month) AS closing_before FROM churn_monthly)
WHERE opening + new + returned - cancelled <> closing OR opening <> closing_before;

-- ERROR: closing = active on the last day, counted from the periods
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
WHERE closing <> coalesce(active, 0);

-- ERROR: nobody leaves who was not there
SELECT month
FROM churn_monthly
WHERE opening < 0 OR cancelled_of_opening > opening OR cancelled_of_opening > cancelled OR cancelled_passive > cancelled;

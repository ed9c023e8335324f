-- ERROR: opening + new + returned - cancelled = closing, and opening = closing of the month before
SELECT month
FROM (SELECT *, lag(closing, 1, 0) OVER (PARTITION BY level ORDER BY month) AS closing_before FROM churn_monthly)
WHERE opening + new + returned - cancelled <> closing OR opening <> closing_before;

-- ERROR: the last closing = active now, counted from the periods
SELECT level
FROM (
    SELECT level, closing AS amount FROM churn_monthly JOIN marts_as_of ON month = as_of_month
    UNION ALL
    SELECT 'subscription', -count(*) FROM periods WHERE ended_on IS NULL
    UNION ALL
    SELECT 'customer', -count(*) FROM stretches WHERE ended_on IS NULL
)
GROUP BY level
HAVING sum(amount) <> 0;

-- ERROR: nobody leaves who was not there
SELECT month
FROM churn_monthly
WHERE opening < 0 OR cancelled_of_opening > opening OR cancelled_of_opening > cancelled OR cancelled_passive > cancelled;

-- ERROR: periods of a subscription follow each other without overlap
SELECT subscription
FROM (
    SELECT *, lead(started_at) OVER (PARTITION BY subscription ORDER BY period) AS next_start
    FROM subscription_periods
)
WHERE ended_at < started_at OR ended_on < started_on OR (next_start IS NOT NULL AND (ended_at IS NULL OR ended_at > next_start));

-- ERROR: the last period is open exactly when the subscription is live
SELECT s
FROM periods
JOIN subscriptions USING (s)
GROUP BY s, live
HAVING live <> (arg_max_null(ended_on, period) IS NULL);

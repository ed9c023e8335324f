-- ERROR: periods of a customer do not touch
SELECT customer
FROM (
    SELECT *, lead(started_on) OVER (PARTITION BY customer ORDER BY period) AS next_start
    FROM customer_periods
)
WHERE ended_on < started_on OR (next_start IS NOT NULL AND (ended_on IS NULL OR ended_on >= next_start));

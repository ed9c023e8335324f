SELECT customer, period, started_on, ended_on
FROM stretches
JOIN customers USING (c)

SELECT subscription, customer, periods.* EXCLUDE (s)
FROM periods
JOIN terms USING (s)

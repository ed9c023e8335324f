-- Stretches of being active of those that cohorts count. Of an earlier program only survivors were imported.
SELECT 'subscription' AS level, s AS member, period, started_on, ended_on
FROM periods
JOIN terms USING (s)
WHERE NOT is_imported
UNION ALL
SELECT 'customer', c, period, started_on, ended_on
FROM stretches
WHERE c NOT IN (SELECT c FROM terms WHERE is_imported)

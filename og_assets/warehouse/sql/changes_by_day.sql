-- What a picture of a timeline shows: per day in Chicago since $from, how many changes, by who says so. States as they
-- were when first seen are no changes.
SELECT CAST(changed_at AT TIME ZONE 'America/Chicago' AS DATE) AS day, source, count(*) AS changes
FROM analytics.{table}
WHERE source <> 'record' AND CAST(changed_at AT TIME ZONE 'America/Chicago' AS DATE) >= $from
GROUP BY ALL
ORDER BY ALL;

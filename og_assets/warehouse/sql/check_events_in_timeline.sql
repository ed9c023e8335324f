-- Events that are not in exactly one row of the timeline.
SELECT event_id AS key, 1 AS rows
FROM (SELECT event_id, type FROM ordergroove.events WHERE object_id IS NOT NULL AND type IN ({types})) AS told
FULL JOIN (
    SELECT event_id, count(*) AS times FROM analytics.{table} WHERE event_id IS NOT NULL GROUP BY event_id
) AS rows USING (event_id)
WHERE type IS NULL OR times IS DISTINCT FROM 1

-- Rows that the sync log loaded and the table no longer has: no load ever removes one.
WITH pulls AS (
    SELECT * FROM ops.sync_runs WHERE object = '{object}'
),
-- A pull from the beginning of history has seen every row there was.
base AS (
    SELECT max(sync_id) AS sync_id
    FROM pulls
    WHERE mode <> 'sweep' AND outcome = 'succeeded' AND window_start IS NULL
),
loaded AS (
    SELECT sum(inserted + CASE WHEN pulls.sync_id = base.sync_id THEN updated + unchanged ELSE 0 END) AS rows
    FROM pulls, base
    WHERE pulls.sync_id >= coalesce(base.sync_id, 0)
)
SELECT NULL AS key, loaded.rows - (SELECT count(*) FROM {table}) AS rows
FROM loaded
WHERE loaded.rows > (SELECT count(*) FROM {table})

-- Rows that are new with the last pull, unless it was the first one or read past days.
SELECT NULL AS key, inserted AS rows
FROM ops.sync_runs
WHERE sync_id = (SELECT max(sync_id) FROM ops.sync_runs WHERE object = '{object}' AND mode <> 'sweep')
  AND watermark_before IS NOT NULL
  AND window_end IS NULL

-- The last complete pull of all of an object; what looks up single ones has a window.
SELECT started_at, finished_at - started_at AS took
FROM ops.sync_runs
WHERE object = ?
  AND outcome = 'succeeded'
  AND window_start IS NULL
  AND window_end IS NULL
  AND mode <> 'sweep'
ORDER BY sync_id DESC
LIMIT 1;

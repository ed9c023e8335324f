-- How many records the last complete pull of the whole object had, with the same filters: about how many there will be.
SELECT records
FROM ops.sync_runs
WHERE object = $object
  AND outcome = 'succeeded'
  AND window_start IS NULL
  AND window_end IS NULL
  AND filters::JSON = $filters::JSON
  AND mode <> 'sweep'
ORDER BY sync_id DESC
LIMIT 1;

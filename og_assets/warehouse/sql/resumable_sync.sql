-- The newest pull of the object, when it is of the same run and question and stopped after a loaded batch.
SELECT
    sync_id, started_at, pages, requests, retries, records, noted, bytes, slowest_response_seconds,
    clock_skew_seconds, next_url, resumed_from
FROM ops.sync_runs
WHERE object = $object
  AND sync_id = (SELECT max(sync_id) FROM ops.sync_runs WHERE object = $object)
  AND run_id = $run_id
  AND mode = $mode
  AND filters::VARCHAR = $filters
  AND outcome IN ('running', 'failed', 'canceled')
  AND next_url IS NOT NULL;

-- A pull of exactly this window that succeeded in this run, by its start on Ordergroove's clock.
SELECT started_at + to_microseconds(CAST(coalesce(clock_skew_seconds, 0) * 1000000 AS BIGINT))
FROM ops.sync_runs
WHERE object = $object
  AND run_id = $run_id
  AND window_start IS NOT DISTINCT FROM $window_start::TIMESTAMPTZ
  AND window_end IS NOT DISTINCT FROM $window_end::TIMESTAMPTZ
  AND outcome = 'succeeded'
ORDER BY sync_id DESC
LIMIT 1;

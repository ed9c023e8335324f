-- A first pull that has just begun goes on where the newest one of an earlier run stopped, if that began lately and read
-- the same in the same way. The earlier row stays as it is.
UPDATE ops.sync_runs AS begun
SET
    resumed_from = stopped.sync_id,
    started_at = stopped.started_at,
    pages = stopped.pages,
    requests = stopped.requests,
    retries = stopped.retries,
    records = stopped.records,
    inserted = stopped.inserted,
    updated = stopped.updated,
    unchanged = stopped.unchanged,
    quarantined = stopped.quarantined,
    noted = stopped.noted,
    bytes = stopped.bytes,
    slowest_response_seconds = stopped.slowest_response_seconds,
    clock_skew_seconds = stopped.clock_skew_seconds,
    next_url = stopped.next_url
FROM ops.sync_runs AS stopped
WHERE begun.sync_id = $sync_id
  AND stopped.sync_id = (
      SELECT max(sync_id)
      FROM ops.sync_runs
      WHERE object = $object
        AND sync_id < $sync_id
        AND mode = $mode
        AND filters::VARCHAR = $filters
        AND resume_key = $resume_key
        AND started_at >= $since
        AND next_url IS NOT NULL
  );

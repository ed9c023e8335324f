-- Where a pull stands after a batch. The caller counts pages and records since the start; the load counts keys.
UPDATE ops.sync_runs
SET
    outcome = 'running',
    finished_at = NULL,
    error = NULL,
    pages = $pages,
    requests = $requests,
    retries = $retries,
    records = $records,
    noted = $noted,
    bytes = $bytes,
    slowest_response_seconds = $slowest,
    clock_skew_seconds = $skew,
    next_url = $next_url,
    inserted = inserted + $inserted,
    updated = updated + $updated,
    unchanged = unchanged + $unchanged,
    quarantined = quarantined + $quarantined
WHERE sync_id = $sync_id;

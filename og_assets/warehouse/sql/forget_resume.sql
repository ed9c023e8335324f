-- A pull that starts over, under its number.
UPDATE ops.sync_runs
SET
    started_at = coalesce($started_at, started_at),
    finished_at = NULL,
    outcome = 'running',
    error = NULL,
    next_url = NULL,
    resumed_from = NULL,
    pages = 0,
    requests = 0,
    retries = '{}',
    records = 0,
    inserted = 0,
    updated = 0,
    unchanged = 0,
    quarantined = 0,
    noted = 0,
    bytes = 0,
    slowest_response_seconds = NULL
WHERE sync_id = $sync_id;

-- The row of a pull that begins.
INSERT INTO ops.sync_runs (
    sync_id, object, run_id, mode, window_start, window_end, filters, watermark_before, started_at, outcome,
    pages, requests, retries, records, inserted, updated, unchanged, quarantined, noted, bytes, resume_key
)
VALUES (
    $sync_id, $object, $run_id, $mode, $window_start, $window_end, $filters, $watermark_before, $started_at, 'running',
    0, 0, '{}', 0, 0, 0, 0, 0, 0, 0, $resume_key
);

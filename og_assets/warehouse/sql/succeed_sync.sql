-- A pull that is complete.
UPDATE ops.sync_runs
SET
    outcome = 'succeeded',
    finished_at = now(),
    watermark_after = (SELECT watermark FROM ops.sync_state WHERE object = $object),
    next_url = NULL,
    resume_key = NULL
WHERE sync_id = $sync_id;

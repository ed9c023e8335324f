-- Pulls of the object that began before $before and that nothing names. {rows} are the _sync_id of all that it wrote.
DELETE FROM ops.sync_runs
WHERE object = $object
  AND started_at < $before
  AND sync_id NOT IN ({rows})
  AND sync_id NOT IN (SELECT sync_id FROM ops.quarantine)
  AND sync_id NOT IN (SELECT sync_id FROM ops.sweep_findings)
  AND sync_id NOT IN (SELECT sync_id FROM ops.sync_state)
  -- Numbers go on from the greatest one; what is derived would otherwise take new loads for old ones.
  AND sync_id < (SELECT max(sync_id) FROM ops.sync_runs)
  AND last_load IS DISTINCT FROM (SELECT max(last_load) FROM ops.sync_runs);

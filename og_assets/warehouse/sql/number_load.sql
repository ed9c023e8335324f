-- The pull's newest batch that wrote a row. One process writes at a time, so the numbers rise in the order of commits.
UPDATE ops.sync_runs
SET last_load = (SELECT coalesce(max(last_load), 0) + 1 FROM ops.sync_runs)
WHERE sync_id = $sync_id;

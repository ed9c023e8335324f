-- Records that the pulls of the last run received.
SELECT sum(records)
FROM ops.sync_runs
WHERE object = '{object}'
  AND mode <> 'sweep'
  AND run_id = (SELECT arg_max(run_id, sync_id) FROM ops.sync_runs WHERE object = '{object}' AND mode <> 'sweep')

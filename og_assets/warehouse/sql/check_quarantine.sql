-- Records of the last run's pulls that have no usable key; they are in ops.quarantine, each once.
SELECT NULL AS key, quarantined AS rows
FROM ops.sync_runs
WHERE object = '{object}'
  AND mode <> 'sweep'
  AND run_id = (SELECT arg_max(run_id, sync_id) FROM ops.sync_runs WHERE object = '{object}' AND mode <> 'sweep')

-- Records of the last run's pulls with a value that fits no column; such rows have `_notes`.
SELECT NULL AS key, noted AS rows
FROM ops.sync_runs
WHERE object = '{object}'
  AND mode <> 'sweep'
  AND run_id = (SELECT arg_max(run_id, sync_id) FROM ops.sync_runs WHERE object = '{object}' AND mode <> 'sweep')

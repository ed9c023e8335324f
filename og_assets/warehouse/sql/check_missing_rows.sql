-- Rows that the complete lists of the last seven days left out, or all rows when the last list was empty.
SELECT concat_ws('/', {key}) AS key, 1 AS rows
FROM {table}
WHERE (is_missing AND missing_since > now() - INTERVAL 7 DAY)
   OR (
       NOT is_missing
       AND 0 = (
           SELECT arg_max(records, sync_id) FROM ops.sync_runs WHERE object = '{object}' AND outcome = 'succeeded'
       )
   )

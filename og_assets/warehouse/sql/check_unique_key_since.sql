-- More or fewer rows than the loads account for since all keys were looked at, and keys that these have loaded twice.
SELECT NULL AS key, abs(counted.rows - before.rows - loaded.inserted + before.inserted) AS rows
FROM (SELECT count(*) AS rows FROM {table}) AS counted,
    (SELECT coalesce(sum(inserted), 0) AS inserted FROM ops.sync_runs WHERE object = '{object}') AS loaded,
    ops.checked_tables AS before
WHERE before.table_name = '{table}' AND counted.rows - before.rows <> loaded.inserted - before.inserted
UNION ALL
SELECT concat_ws('/', {key}), CASE WHEN {no_key} THEN count(*) ELSE count(*) - 1 END
FROM {table}
WHERE _sync_id >= {since}
GROUP BY {key}
HAVING count(*) > 1 OR {no_key}

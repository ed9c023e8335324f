-- Files of which nothing could be loaded, unless they were loaded later in another state.
SELECT bad.name AS key, 1 AS rows
FROM ops.drop_files AS bad
WHERE bad.report = '{report}'
  AND bad.problem IS NOT NULL
  AND NOT EXISTS (
      FROM ops.drop_files AS good
      WHERE good.name = bad.name AND good.problem IS NULL AND good.loaded_at > bad.loaded_at
  )

-- Rows with a stamp of after now: Ordergroove's stamps against its own clock, ours against ours.
WITH clocks AS (
    SELECT
        now() + INTERVAL 10 MINUTE                                        AS ours,
        ours + to_milliseconds(CAST(1000 * coalesce((
            SELECT arg_max(clock_skew_seconds, sync_id) FROM ops.sync_runs WHERE object = '{object}'
        ), 0) AS BIGINT))                                                 AS theirs
)
SELECT concat_ws('/', {key}) AS key, 1 AS rows
FROM {table}
WHERE _sync_id >= {since}
  AND (
      _synced_at > (SELECT ours FROM clocks)
      OR greatest({stamps}) > (SELECT timezone('UTC', theirs) FROM clocks)
  )

-- Rows of {table} whose {column} is not in {parent_table}, although all of it was pulled after they were fetched.
-- What rows loaded since refer to was loaded beside them most of the time.
WITH loaded AS (
    FROM {table} WHERE _sync_id >= {since} AND {column} IS NOT NULL
),
elsewhere AS (
    FROM loaded
    WHERE NOT EXISTS (
        FROM {parent_table} AS beside WHERE beside._sync_id >= {since} AND beside.{parent_key} = loaded.{column}
    )
)
SELECT concat_ws('/', {key}) AS key, 1 AS rows
FROM elsewhere AS referring
WHERE NOT EXISTS (FROM {parent_table} AS referred WHERE referred.{parent_key} = referring.{column})
  -- What was fetched later may refer to what is not pulled yet. The watermark is of Ordergroove's clock.
  AND _synced_at < (
      SELECT watermark - to_milliseconds(CAST(1000 * coalesce(clock_skew_seconds, 0) AS BIGINT))
      FROM ops.sync_state
      JOIN ops.sync_runs USING (sync_id)
      WHERE sync_state.object = '{parent}'
  )
  -- Both may be deleted, and then the one that is referred to was perhaps never seen.
  AND NOT EXISTS (
      FROM ordergroove.deletion_evidence AS deletion
      WHERE deletion.object = '{object}' AND deletion.id = referring.{key}
  )
  AND NOT EXISTS (
      FROM ordergroove.deletion_evidence AS deletion
      WHERE deletion.object = '{parent}' AND deletion.id = referring.{column}
  )

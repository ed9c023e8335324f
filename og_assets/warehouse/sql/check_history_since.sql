-- States that ended since, and those that rows loaded since are in: pairs that do not meet or do not differ.
WITH states AS (
    SELECT {key} AS key, valid_from, valid_to, seen_at, ROW({tracked}) AS state
    FROM history.{object}_past
    WHERE {key} IN (SELECT {key} FROM ordergroove.{object} WHERE _sync_id >= {since})
      AND valid_to >= (
          SELECT min(coalesce(watermark_before, started_at)) - INTERVAL 1 DAY
          FROM ops.sync_runs
          WHERE object = '{object}' AND sync_id >= {since}
      )
    UNION ALL
    SELECT {key}, coalesce(_valid_from, _synced_at), NULL, _synced_at, ROW({values})
    FROM ordergroove.{object} AS old
    WHERE _sync_id >= {since}
),
pairs AS (
    SELECT
        key,
        valid_from,
        valid_to,
        state,
        lead(valid_from) OVER in_order AS next_from,
        lead(state) OVER in_order      AS next_state
    FROM states
    WINDOW in_order AS (PARTITION BY key ORDER BY valid_from, valid_to NULLS LAST, seen_at)
)
SELECT key, count(*) AS rows
FROM pairs
WHERE next_from IS NOT NULL
    AND (valid_to IS DISTINCT FROM next_from OR (valid_to > valid_from AND state IS NOT DISTINCT FROM next_state))
GROUP BY key

-- Each object asked for, with its watermark and its last pull.
WITH asked AS (
    SELECT unnest($1::VARCHAR[]) AS object, generate_subscripts($1::VARCHAR[], 1) AS position
),
last_pull AS (
    SELECT *
    FROM ops.sync_runs
    WHERE sync_id IN (SELECT max(sync_id) FROM ops.sync_runs WHERE mode <> 'sweep' GROUP BY object)
)
SELECT
    asked.object,
    sync_state.watermark,
    last_pull.outcome,
    last_pull.started_at,
    last_pull.finished_at,
    last_pull.records,
    last_pull.inserted,
    last_pull.updated,
    last_pull.quarantined,
    last_pull.error
FROM asked
LEFT JOIN ops.sync_state ON sync_state.object = asked.object
LEFT JOIN last_pull ON last_pull.object = asked.object
ORDER BY asked.position;

-- The first pull of an object that may still load, or the next one; and how many keys all pulls of it have inserted.
SELECT
    coalesce(
        min(sync_id) FILTER (WHERE outcome <> 'succeeded' AND started_at > now() - INTERVAL 2 DAY),
        (SELECT max(sync_id) + 1 FROM ops.sync_runs),
        1
    )                          AS since,
    coalesce(sum(inserted), 0) AS inserted
FROM ops.sync_runs
WHERE object = ?

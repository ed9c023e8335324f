-- Since when webhooks alone have told of all deletions of $object: the start of the last sweep that listed all.
-- No row when that was before $evening, or when webhooks are not shown to be on and complete: none came within the last
-- hour, none told of a deletion in the last week, or one of the deletions that sweeps found in that week came without.
WITH listed_all AS (
    SELECT max(started_at) AS started_at
    FROM ops.sync_runs
    WHERE object = $object AND mode = 'sweep' AND window_start IS NULL AND outcome = 'succeeded' AND error IS NULL
),
told AS (
    SELECT object, id, known_at FROM ordergroove.deletion_evidence WHERE source = 'webhook'
)
SELECT started_at
FROM listed_all
WHERE started_at >= $evening
  AND EXISTS (FROM ordergroove.events WHERE received_at >= $now::TIMESTAMPTZ - INTERVAL 1 HOUR)
  AND EXISTS (FROM told WHERE object = $object AND known_at >= $now::TIMESTAMPTZ - INTERVAL 7 DAY)
  AND NOT EXISTS (
      FROM ops.sweep_findings AS found
      LEFT JOIN ordergroove.items AS items ON found.object = 'items' AND items.public_id = found.id
      WHERE found.object = $object
        AND found.found_at >= $now::TIMESTAMPTZ - INTERVAL 7 DAY
        AND found.id NOT IN (SELECT id FROM told WHERE object = $object)
        -- No webhook tells of the items of an order that was deleted.
        AND coalesce(items."order" NOT IN (SELECT id FROM told WHERE object = 'orders'), true)
  );

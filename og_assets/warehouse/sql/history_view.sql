-- Former states and the present one, which ends where the object did.
SELECT {columns}, 'replaced' AS ended_by
FROM {past}
UNION ALL
SELECT
    {values},
    coalesce(old._valid_from, old._synced_at),
    CASE WHEN {ended_by} IS NOT NULL THEN greatest({ended_at}, old._valid_from) END,
    {ended_after},
    {ended_before},
    old._synced_at,
    old._sync_id,
    {ended_by}
FROM {table} AS old
{gone}

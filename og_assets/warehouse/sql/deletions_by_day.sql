-- What a picture of the deletions shows: per day in Chicago since $from, how many orders and items were deleted, by how
-- that was found. Tombstones that were lifted are no deletions.
SELECT
    CAST(deleted_at AT TIME ZONE 'America/Chicago' AS DATE) AS day,
    object,
    source,
    count(*)                                                AS deletions
FROM analytics.deletion_tombstones
WHERE lifted_at IS NULL AND CAST(deleted_at AT TIME ZONE 'America/Chicago' AS DATE) >= $from
GROUP BY ALL
ORDER BY ALL;

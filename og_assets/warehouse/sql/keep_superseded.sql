-- States that end with this batch. All changes before the watermark were loaded when the pull began, so what it brings
-- changed after that; a sweep, which goes by no watermark, has the object's.
INSERT INTO {past} ({columns})
SELECT
    {values},
    superseded.old_from,
    superseded.changed_at,
    coalesce(
        (SELECT watermark_before FROM ops.sync_runs WHERE sync_id = $sync_id),
        (SELECT watermark FROM ops.sync_state WHERE object = $object)
    ),
    superseded.changed_by,
    old._synced_at,
    old._sync_id
FROM superseded
INNER JOIN {table} AS old ON old.rowid = superseded.at_row
WHERE superseded.differs;

-- States that end with this batch. All changes before the watermark were loaded when the pull began, so what it brings
-- changed after that; a sweep, which goes by no watermark, has the object's.
INSERT INTO {past} ({columns})
SELECT
    {values},
    _held_from,
    _holds_from,
    coalesce(
        (SELECT watermark_before FROM ops.sync_runs WHERE sync_id = $sync_id),
        (SELECT watermark FROM ops.sync_state WHERE object = $object)
    ),
    _changed_by,
    _seen_at,
    _written_by
FROM replaced
WHERE _differs AND _row NOT IN (SELECT _row FROM kept);

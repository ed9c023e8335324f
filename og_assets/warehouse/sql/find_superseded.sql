-- The rows that the batch will replace: since when they were as they are, whether a tracked column differs in the row
-- that comes, and since when that one is as it is: its own stamp says so, if it lies between the two states; else its
-- fetch does (the hour that autumn repeats, stamps that do not move, clocks that were set back).
CREATE OR REPLACE TEMP TABLE superseded AS
SELECT
    existing.at_row,
    existing._row,
    -- A row that somebody wrote by hand may have none.
    coalesce(old._valid_from, old._synced_at) AS old_from,
    new._synced_at  AS changed_by,
    CASE
        WHEN {stamp} > old_from AND {stamp} <= new._synced_at THEN {stamp}
        ELSE greatest(new._synced_at, old_from)
    END             AS changed_at,
    {differs}       AS differs
FROM existing
INNER JOIN {table} AS old ON old.rowid = existing.at_row
INNER JOIN staged AS new ON new._row = existing._row
WHERE existing._row NOT IN (SELECT _row FROM kept);

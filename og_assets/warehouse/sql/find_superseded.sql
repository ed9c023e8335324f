-- The rows that the batch will replace: what they are, since when, whether a tracked column differs in the row that comes,
-- and since when that one holds. Where nothing tracked differs it goes on in the state; else its own stamp says since
-- when, if that lies between the two states, or its fetch (the hour that autumn repeats, stamps that do not move, clocks
-- that were set back). Read at once, since finding rows by their position costs more than what is read of them.
CREATE OR REPLACE TEMP TABLE superseded AS
SELECT
    {values},
    existing._row,
    -- A row that somebody wrote by hand may have none.
    coalesce(old._valid_from, old._synced_at) AS _held_from,
    old._synced_at                            AS _seen_at,
    old._sync_id                              AS _written_by,
    new._synced_at                            AS _changed_by,
    {differs}                                 AS _differs,
    CASE
        WHEN NOT _differs THEN _held_from
        WHEN {stamp} > _held_from AND {stamp} <= new._synced_at THEN {stamp}
        ELSE greatest(new._synced_at, _held_from)
    END                                       AS _holds_from
FROM existing
INNER JOIN {table} AS old ON old.rowid = existing.at_row
INNER JOIN staged AS new ON new._row = existing._row
WHERE existing._row NOT IN (SELECT _row FROM kept);

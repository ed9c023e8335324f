-- What a row that is replaced was, since when, whether a tracked column differs in the row that comes, and since when that
-- one holds. Where nothing tracked differs it goes on in the state; else its own stamp says since when, if that lies
-- between the two states, or its fetch (the hour that autumn repeats, stamps that do not move, clocks that were set back).
{values},
-- A row that somebody wrote by hand may have none.
coalesce(stored._valid_from, stored._synced_at) AS _held_from,
stored._synced_at                               AS _seen_at,
stored._sync_id                                 AS _written_by,
staged._synced_at                               AS _changed_by,
{differs}                                       AS _differs,
CASE
    WHEN NOT _differs THEN _held_from
    WHEN {stamp} > _held_from AND {stamp} <= staged._synced_at THEN {stamp}
    ELSE greatest(staged._synced_at, _held_from)
END                                             AS _holds_from

-- The objects as they stood at an instant.
CREATE OR REPLACE MACRO history.{object}_as_of(instant) AS TABLE
SELECT * EXCLUDE (valid_to, changed_after, changed_by, ended_by)
FROM history.{object}
WHERE valid_from <= CAST(instant AS TIMESTAMPTZ) AND (valid_to IS NULL OR valid_to > CAST(instant AS TIMESTAMPTZ));

-- An object as it stood at an instant.
CREATE VIEW {view} AS
SELECT * EXCLUDE (valid_to, changed_after, changed_by, ended_by)
FROM {states}
WHERE valid_from <= TIMESTAMPTZ {instant} AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ {instant});
COMMENT ON VIEW {view} IS {meaning};

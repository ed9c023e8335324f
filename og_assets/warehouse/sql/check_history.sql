-- States that do not meet the next one of their key, or that do not differ from it.
WITH states AS (
    SELECT
        {key}                            AS key,
        valid_from,
        valid_to,
        ROW({tracked})                   AS state,
        lead(valid_from) OVER in_order   AS next_from,
        lead(ROW({tracked})) OVER in_order AS next_state
    FROM history.{object}
    WHERE {key} IN (SELECT {key} FROM history.{object}_past)
    WINDOW in_order AS (PARTITION BY {key} ORDER BY valid_from, valid_to NULLS LAST, seen_at)
)
SELECT key, count(*) AS rows
FROM states
WHERE next_from IS NOT NULL
    AND (valid_to IS DISTINCT FROM next_from OR (valid_to > valid_from AND state IS NOT DISTINCT FROM next_state))
GROUP BY key

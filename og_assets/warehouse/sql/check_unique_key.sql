-- Keys that more than one row has, and rows without a key.
SELECT
    concat_ws('/', {key})                                    AS key,
    CASE WHEN {no_key} THEN count(*) ELSE count(*) - 1 END   AS rows
FROM {table}
GROUP BY {key}
HAVING count(*) > 1 OR {no_key}

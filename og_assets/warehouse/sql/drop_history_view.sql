-- Every row that files have told: the latest of each key and those before it, which hold until the next file tells of it.
CREATE OR REPLACE VIEW history.drops_{report} AS
SELECT
    {columns},
    min(_file_at) OVER (
        PARTITION BY {key} ORDER BY _file_at, _file GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS told_until
FROM (SELECT {columns} FROM {past} UNION ALL SELECT {columns} FROM {table});
COMMENT ON VIEW history.drops_{report} IS 'Every row of drops.{report} that files have told, latest and former ones, without what tells of persons.';

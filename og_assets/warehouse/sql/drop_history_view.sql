-- Every row that files have told: the latest of each key and those before it, which hold until the next file tells of it.
SELECT
    {columns},
    min(_file_at) OVER (
        PARTITION BY {key} ORDER BY _file_at, _file GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS told_until
FROM (SELECT {columns} FROM {past} UNION ALL SELECT {columns} FROM {table})

-- What the rows of a pull name in another table: first what that table does not have.
WITH naming AS (
    {naming}
)
SELECT naming.key, count(*) OVER () AS total
FROM naming
LEFT JOIN {table} AS named ON named.{key} = naming.key
WHERE naming.key IS NOT NULL
ORDER BY named.{key} IS NOT NULL, naming.key
LIMIT $limit;

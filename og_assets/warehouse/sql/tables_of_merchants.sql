-- Every table and view of the merchants' catalogs that schema all_merchants unites, with the merchants that have it,
-- and whether it has a column `merchant` of its own (Ordergroove's id of the merchant).
SELECT
    name,
    any_value(meaning) AS meaning,
    list({'merchant': merchant, 'schema': schema, 'has_id': has_id} ORDER BY merchant) AS owners
FROM (
    SELECT
        database_name AS merchant,
        schema_name AS schema,
        table_name AS name,
        bool_or(column_name = 'merchant') AS has_id
    FROM duckdb_columns()
    GROUP BY ALL
)
LEFT JOIN (
    SELECT database_name AS merchant, schema_name AS schema, table_name AS name, comment AS meaning FROM duckdb_tables()
    UNION ALL
    SELECT database_name, schema_name, view_name, comment FROM duckdb_views()
) USING (merchant, schema, name)
WHERE merchant IN (SELECT unnest($1)) AND schema IN ('ordergroove', 'analytics')
GROUP BY name
ORDER BY name;

-- Every column of a table, not of a view, that holds text.
SELECT
    columns.schema_name,
    columns.table_name,
    list(columns.column_name ORDER BY columns.column_index) AS names,
    list(columns.data_type ORDER BY columns.column_index) AS types
FROM duckdb_columns() AS columns
INNER JOIN duckdb_tables() AS tables
    ON tables.database_name = columns.database_name
    AND tables.schema_name = columns.schema_name
    AND tables.table_name = columns.table_name
WHERE columns.database_name = current_database() AND columns.data_type IN ('VARCHAR', 'JSON')
GROUP BY ALL
ORDER BY ALL;

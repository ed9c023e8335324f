-- The columns of the tables and views that $1 names, by name, by schema and name, or by schema; of all when it is empty.
SELECT schema_name || '.' || table_name AS "table", column_name AS "column", data_type AS type, comment AS meaning
FROM duckdb_columns()
WHERE database_name = current_database() AND NOT internal
    AND ($1 = '' OR lower($1) IN (lower(table_name), lower(schema_name), lower(schema_name || '.' || table_name)))
ORDER BY schema_name, table_name, column_index;

-- Every table and view of the warehouse, with what it is; rows are estimated, and unknown for a view.
SELECT schema_name AS "schema", table_name AS name, 'table' AS kind, estimated_size AS rows, comment AS meaning
FROM duckdb_tables()
WHERE database_name = current_database()
UNION ALL
SELECT schema_name, view_name, 'view', NULL, comment
FROM duckdb_views()
WHERE database_name = current_database() AND NOT internal
ORDER BY ALL;

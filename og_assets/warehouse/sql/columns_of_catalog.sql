-- The tables of an attached warehouse with what is said of each, and their columns in order.
SELECT
    tables.schema_name, tables.table_name, coalesce(tables.comment, ''),
    list(
        {
            'name': columns.column_name,
            'type': columns.data_type,
            'description': coalesce(columns.comment, ''),
            'required': NOT columns.is_nullable
        }
        ORDER BY columns.column_index
    )
FROM duckdb_tables() AS tables
JOIN duckdb_columns() AS columns USING (database_name, schema_name, table_name)
WHERE database_name = ? AND NOT tables.internal
GROUP BY ALL
ORDER BY ALL

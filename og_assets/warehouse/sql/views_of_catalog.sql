-- The views of an attached warehouse that this one has not, with what is said of each and of their columns.
SELECT
    views.schema_name, views.view_name, coalesce(views.comment, ''),
    list(
        {'name': columns.column_name, 'type': columns.data_type, 'description': coalesce(columns.comment, ''),
            'required': FALSE}
        ORDER BY columns.column_index
    ),
    views.sql
FROM duckdb_views() AS views
JOIN duckdb_columns() AS columns
    ON (columns.database_name, columns.schema_name, columns.table_name)
        = (views.database_name, views.schema_name, views.view_name)
WHERE
    views.database_name = $source AND NOT views.internal
    AND (views.schema_name, views.view_name) NOT IN (
        SELECT (schema_name, view_name) FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
    )
GROUP BY ALL
ORDER BY ALL

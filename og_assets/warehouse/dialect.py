"""What a DuckLake takes otherwise than a file does. Asked of the connection, so that nobody has to be told."""

import re

from duckdb import DuckDBPyConnection

_OF_COLUMNS = re.compile(r"^COMMENT ON COLUMN .*;\n", re.MULTILINE)


def in_lake(connection: DuckDBPyConnection) -> bool:
    """Whether the warehouse of a connection is a lake.

    A lake has neither USING COMPRESSION nor comments on the columns of views.
    """
    found = connection.execute(
        "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchone()
    return found == ("ducklake",)


def make_views(connection: DuckDBPyConnection, sql: str) -> None:
    """Run statements that make views and describe them and their columns, a line each; as far as the place takes it."""
    connection.execute(_OF_COLUMNS.sub("", sql) if in_lake(connection) else sql)

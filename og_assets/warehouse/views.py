"""Views as values: what they show, and the meanings of their columns, which DuckDB does not hand on from tables."""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from og_assets.warehouse.dialect import in_lake
from og_assets.warehouse.tables import StoredColumn, describe_columns, literal, quoted


@dataclass(frozen=True, slots=True)
class View:
    """A view of `query`, which names tables of the view's own schema without the schema.

    With it, in a file that is called ordergroove.duckdb `ordergroove.events` would be ambiguous to people who open it
    as the database `ordergroove`.
    """

    schema: str
    name: str
    description: str
    columns: tuple[StoredColumn, ...]
    query: str


def ensure_view(connection: DuckDBPyConnection, view: View) -> bool:
    """Make `view`, unless it is there with these columns and descriptions; returns whether it was made."""
    meanings = {column.name: column.description for column in view.columns}
    found = connection.execute(
        "SELECT column_name, columns.comment, views.comment"
        " FROM duckdb_columns() AS columns JOIN duckdb_views() AS views ON view_oid = table_oid"
        " AND views.database_oid = columns.database_oid"
        " WHERE views.database_name = current_database() AND views.schema_name = ? AND view_name = ?"
        " ORDER BY column_index",
        [view.schema, view.name],
    ).fetchall()
    if found == [(name, meaning, view.description) for name, meaning in meanings.items()]:
        return False
    if in_lake(connection) and found == [(name, None, view.description) for name in meanings]:
        return False
    make_view(connection, view)
    return True


def make_view(connection: DuckDBPyConnection, view: View) -> None:
    """Make `view`, in place of one that may be there."""
    meanings = {column.name: column.description for column in view.columns}
    qualified_name = f"{quoted(view.schema)}.{quoted(view.name)}"
    connection.execute(f"CREATE OR REPLACE VIEW {qualified_name} AS {view.query}")
    connection.execute(f"COMMENT ON VIEW {qualified_name} IS {literal(view.description)}")
    if not in_lake(connection):
        describe_columns(connection, qualified_name, meanings)

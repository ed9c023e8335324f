"""Views as values: what they show, and the meanings of their columns, which DuckDB does not hand on from tables."""

from collections.abc import Sequence
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


def ensure_views(connection: DuckDBPyConnection, views: Sequence[View]) -> list[View]:
    """Make those of `views` that are not there with these columns and descriptions, by one look; returns which."""
    rows = connection.execute(
        "SELECT views.schema_name || '.' || view_name AS name, column_name, columns.comment, views.comment"
        " FROM duckdb_columns() AS columns JOIN duckdb_views() AS views ON view_oid = table_oid"
        " AND views.database_oid = columns.database_oid"
        " WHERE views.database_name = current_database() AND name IN (SELECT unnest(?)) ORDER BY column_index",
        [[f"{view.schema}.{view.name}" for view in views]],
    ).fetchall()
    found: dict[str, list[tuple[str, str | None, str]]] = {}
    for name, column, meaning, description in rows:
        found.setdefault(name, []).append((column, meaning, description))
    lake = in_lake(connection)
    missing = []
    for view in views:
        told = [(column.name, None if lake else column.description, view.description) for column in view.columns]
        if found.get(f"{view.schema}.{view.name}") != told:
            make_view(connection, view)
            missing.append(view)
    return missing


def make_view(connection: DuckDBPyConnection, view: View) -> None:
    """Make `view`, in place of one that may be there."""
    meanings = {column.name: column.description for column in view.columns}
    qualified_name = f"{quoted(view.schema)}.{quoted(view.name)}"
    connection.execute(f"CREATE OR REPLACE VIEW {qualified_name} AS {view.query}")
    connection.execute(f"COMMENT ON VIEW {qualified_name} IS {literal(view.description)}")
    if not in_lake(connection):
        describe_columns(connection, qualified_name, meanings)

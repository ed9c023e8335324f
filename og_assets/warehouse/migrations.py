"""Versions of the warehouse's own schema, each applied once and whole. Object tables grow by tables.py instead."""

from importlib.resources import files
from pathlib import Path

from duckdb import CatalogException, DuckDBPyConnection

from og_assets.warehouse.errors import WarehouseFromTheFuture
from og_assets.warehouse.transactions import transaction

MIGRATIONS: tuple[str, ...] = (
    "schemas_and_ops.sql",
    "deletions_and_analytics.sql",
    "view_columns.sql",
    "quarantine_digest.sql",
    "webhook_moves.sql",
    "file_drops.sql",
    "timelines.sql",
    "interrupted_pulls.sql",
    "forgotten.sql",
)
"""Files in sql/, in order: the first makes version 1. A released file is never changed."""


def read_sql(name: str) -> str:
    """The text of a file in sql/."""
    return files("og_assets.warehouse.sql").joinpath(name).read_text(encoding="utf-8")


def schema_version(connection: DuckDBPyConnection) -> int:
    """The version that the warehouse has; 0 when nothing of ours is in it."""
    try:
        row = connection.execute("SELECT coalesce(max(version), 0) FROM ops.schema_versions").fetchone()
    except CatalogException:  # asking first whether the table is there takes five times as long
        return 0
    return int(row[0]) if row else 0


def refuse_newer(connection: DuckDBPyConnection, path: Path) -> int:
    """The version that the warehouse has; raises WarehouseFromTheFuture when this release does not know it."""
    version = schema_version(connection)
    if version > len(MIGRATIONS):
        raise WarehouseFromTheFuture(path, version, len(MIGRATIONS))
    return version


def migrate(connection: DuckDBPyConnection, path: Path) -> None:
    """Bring the warehouse to this release's version, one transaction each; raises WarehouseFromTheFuture."""
    for version in range(refuse_newer(connection, path) + 1, len(MIGRATIONS) + 1):
        with transaction(connection):
            connection.execute(read_sql(MIGRATIONS[version - 1]))
            connection.execute("INSERT INTO ops.schema_versions VALUES (?, now())", [version])

"""What older releases made of a new warehouse: the changes of its schema, as they were released, one file a version."""

from pathlib import Path

from duckdb import DuckDBPyConnection

FOLDER = Path(__file__).parent / "releases"
VERSIONS = tuple(range(1, 10))
"""Version 3 is the one before webhooks told of moves, 9 the last that was changed by hand-written SQL."""


def sql_of(version: int) -> str:
    """What the release of this version changed."""
    return (FOLDER / f"{version}.sql").read_text(encoding="utf-8")


def make(connection: DuckDBPyConnection, version: int) -> None:
    """Make the schema as the release of this version did."""
    for each in range(1, version + 1):
        connection.execute(sql_of(each))
        connection.execute("INSERT INTO ops.schema_versions VALUES (?, now())", [each])

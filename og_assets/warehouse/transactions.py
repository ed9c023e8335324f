"""All or nothing: a block of statements as one transaction. Knows only DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb
from duckdb import DuckDBPyConnection


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did, or roll all of it back when it raises."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        # After a commit that failed there is no transaction left, and the first error is the one to tell.
        with suppress(duckdb.Error):
            connection.rollback()
        raise

"""Keeps a lake fast and small: merges small files, rewrites those with deleted rows, removes what nobody can read."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from duckdb import DuckDBPyConnection

from og_assets.warehouse.memory import MEMORY_LIMIT
from og_assets.warehouse.place import Lake, Place, Turn
from og_assets.warehouse.tables import literal

log = logging.getLogger("og_assets")

SECONDS_FOR_A_TURN = 1800.0
SHARE_DELETED = 0.2
"""A file of which more is deleted is written anew."""
WRITTEN_BY_DERIVATIONS = ("derived_state", "orders_to_total", "checked_tables")
"""Tables of schema ops that loads do not change."""
ORPHANED_AFTER = timedelta(days=1)
"""A file that no snapshot knows may be of a load that is not committed yet; none takes as long."""


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a maintenance: what was done, in how many seconds, to how many files or snapshots."""

    name: str
    seconds: float
    count: int


def maintain(lake: Place, *, kept: timedelta, orphaned_after: timedelta = ORPHANED_AFTER) -> list[Step]:
    """Maintain a lake, in many short turns: a load waits for one of them at most.

    Snapshots older than `kept` are forgotten, and the files that only they need: a transaction that has been open
    for longer finds its rows gone. Nothing is done to a file. Raises LakeBusy while another maintains it, and as
    opening does.
    """
    if not isinstance(lake, Lake):
        return []
    from og_assets.warehouse.lake import open_lake
    from og_assets.warehouse.lake_locks import hold

    opened = partial(open_lake, lake, lock_timeout_seconds=SECONDS_FOR_A_TURN, config={"memory_limit": MEMORY_LIMIT})
    done = []
    with hold(lake, Turn.MAINTAIN.value, 0):
        with opened(turn=Turn.MAINTAIN, read_only=True) as connection:
            planned = list(_steps(connection, kept, orphaned_after))
        for turn, name, sql in planned:
            began = time.monotonic()
            with opened(turn=turn, read_only=False) as connection:
                count = len(connection.execute(sql.format(catalog=_catalog(connection))).fetchall())
            done.append(Step(name, time.monotonic() - began, count))
    return done


def keep_only_now(connection: DuckDBPyConnection, lake: Lake) -> None:
    """Remove all snapshots but the last, and each file that has a row which is not in that; in a turn to load.

    The smallest and the greatest value that a column ever had go too: the catalog would keep them for planning.
    """
    from og_assets.warehouse.lake_locks import session

    catalog = _catalog(connection)
    for schema, table in _tables(connection):
        connection.execute(
            f"CALL ducklake_rewrite_data_files({catalog}, {literal(table)}, schema => {literal(schema)},"
            " delete_threshold => 0)"
        )
    connection.execute(f"CALL ducklake_expire_snapshots({catalog}, older_than => now())")
    connection.execute(f"CALL ducklake_cleanup_old_files({catalog}, cleanup_all => true)")
    with session(lake) as asked, asked.cursor() as cursor:
        cursor.execute(f"UPDATE {lake.schema}.ducklake_table_column_stats SET min_value = NULL, max_value = NULL")


def _steps(
    connection: DuckDBPyConnection, kept: timedelta, orphaned_after: timedelta
) -> Iterator[tuple[Turn, str, str]]:
    """What is done, in whose turn and called what: tables of loads first, then those of derivations."""
    older, orphans = f"{{catalog}}, older_than => {_ago(kept)}", f"{{catalog}}, older_than => {_ago(orphaned_after)}"
    yield Turn.LOAD, "expire snapshots", f"CALL ducklake_expire_snapshots({older})"
    for schema, table in _tables(connection):
        turn = Turn.DERIVE if schema == "analytics" or table in WRITTEN_BY_DERIVATIONS else Turn.LOAD
        of = f"{{catalog}}, {literal(table)}, schema => {literal(schema)}"
        rewrite = f"CALL ducklake_rewrite_data_files({of}, delete_threshold => {SHARE_DELETED})"
        yield turn, f"rewrite {schema}.{table}", rewrite
        yield turn, f"merge {schema}.{table}", f"CALL ducklake_merge_adjacent_files({of})"
    yield Turn.LOAD, "clean up", f"CALL ducklake_cleanup_old_files({older})"
    yield Turn.LOAD, "remove orphans", f"CALL ducklake_delete_orphaned_files({orphans})"


def _catalog(connection: DuckDBPyConnection) -> str:
    return literal(str(connection.execute("SELECT current_database()").fetchall()[0][0]))


def _tables(connection: DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
    ).fetchall()


def _ago(age: timedelta) -> str:
    return f"now() - INTERVAL '{round(age.total_seconds())} seconds'"

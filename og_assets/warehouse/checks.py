"""Checks of tables: each is a query for what should not be there, and how much of it is told or is too much.

Knows tables and the sync log, neither objects nor Dagster. A check looks at the whole table as it is, so that it stays
red until the table is repaired. Measured with 10 million items: 4 s of CPU for the bridge, 1 to 3.5 s for keys,
references and sums, well under one for the rest. Where all was found good, it is enough to look at what came since
(checks_since.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import quoted

SAMPLE_SIZE = 5


class Verdict(Enum):
    """How a check ends."""

    GOOD = "good"
    WARN = "warn"
    """People should know; nothing is held up."""
    ERROR = "error"
    """The table is not to be trusted; what is derived from it waits, if the check is blocking."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Exceeded by more than `rows` rows that are also more than `share` of all."""

    rows: int = 0
    share: float = 0.0

    def is_exceeded(self, found: int, among: int) -> bool:
        """Whether `found` of `among` rows are too many."""
        return found > self.rows and found > self.share * among


NONE = Limit()
"""Exceeded by any row."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one table.

    `sql` gives `key` (or null) and `rows`, the number of rows that it stands for, of what should not be there;
    `among_sql` counts what these are a share of. `screen_sql` is a cheaper question that is true when
    there can be no such row. `since_sql` asks the same of what was loaded, or derived, since all was found good, and
    has `{since}` in the place of ops.checked_tables.since. `warn` and `error` are how many there may be, None for no
    limit. `shows_keys` says that keys are ids which tell nothing about a person. Neighbours with the same
    `shown_in` are shown as one check of that name.
    """

    name: str
    description: str
    sql: str
    among_sql: str
    warn: Limit | None = None
    error: Limit | None = None
    is_blocking: bool = False
    screen_sql: str | None = None
    since_sql: str | None = None
    shows_keys: bool = True
    shown_in: str = ""

    @property
    def shown_as(self) -> str:
        """The name under which people find it."""
        return self.shown_in or self.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: how many rows, of how many, some of their keys; `problem` when it could not be asked.

    `whole_at` (aware) is when it looked at the whole table, where this time it only looked at what came since.
    """

    check: Check
    verdict: Verdict
    found: int = 0
    among: int = 0
    sample: tuple[str, ...] = ()
    problem: str | None = None
    whole_at: datetime | None = None


def filled_in(name: str, **names: str) -> str:
    """The query in the file `name` of sql/ with these identifiers and texts in its places."""
    return read_sql(name).format(**names).strip()


SINCE = "{since}"
"""What `filled_in` leaves in its place."""


def unique_key(
    table: str, key: Sequence[str], *, shows_keys: bool = True, loaded: str | None = None, derived_of: str | None = None
) -> Check:
    """Every row has a key of its own: duplicates would be counted twice in whatever is derived.

    `loaded` is what ops.sync_runs calls the object of a table whose loads are counted there, `derived_of` the object of
    which a derived table has a row each.
    """
    columns = [quoted(name) for name in key]
    names = {
        "table": table,
        "key": ", ".join(columns),
        "no_key": " OR ".join(f"coalesce(CAST({column} AS VARCHAR), '') = ''" for column in columns),
    }
    since = None
    if loaded:
        since = filled_in("check_unique_key_since.sql", **names, object=loaded, since=SINCE)
    elif derived_of:
        since = filled_in("check_unique_key.sql", **{**names, "table": "derived_anew"})
    return Check(
        "unique_key",
        f"Every row has a key ({', '.join(key)}), and no two have the same.",
        filled_in("check_unique_key.sql", **names),
        f"SELECT count(*) FROM {table}",
        error=NONE,
        is_blocking=True,
        since_sql=since,
        shows_keys=shows_keys,
    )


def evaluate(connection: DuckDBPyConnection, checks: Iterable[Check]) -> Iterator[Outcome]:
    """The outcome of each check. One that DuckDB cannot answer is a warning, no exception: the data is loaded."""
    allow_joins(connection)
    for check in checks:
        yield evaluate_one(connection, check)


def evaluate_one(connection: DuckDBPyConnection, check: Check) -> Outcome:
    """The outcome of one check, whatever DuckDB makes of it."""
    try:
        return _evaluate(connection, check)
    except duckdb.Error as error:
        # Its message may quote a value.
        return Outcome(check, Verdict.WARN, problem=f"DuckDB could not answer it ({type(error).__name__})")


def _evaluate(connection: DuckDBPyConnection, check: Check) -> Outcome:
    if check.screen_sql and connection.execute(check.screen_sql).fetchone() == (True,):
        return Outcome(check, Verdict.GOOD, among=_count(connection, check.among_sql))
    found, keys = connection.execute(
        f"SELECT CAST(coalesce(sum(rows), 0) AS BIGINT), list(key ORDER BY key) FILTER (place <= {SAMPLE_SIZE})"
        f" FROM (SELECT *, row_number() OVER () AS place FROM ({check.sql}))"
    ).fetchall()[0]
    among = _count(connection, check.among_sql)
    if check.error and check.error.is_exceeded(found, among):
        verdict = Verdict.ERROR
    elif check.warn and check.warn.is_exceeded(found, among):
        verdict = Verdict.WARN
    else:
        verdict = Verdict.GOOD
    shown = tuple(key for key in keys or () if key is not None) if check.shows_keys else ()
    return Outcome(check, verdict, found, among, shown)


def _count(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0

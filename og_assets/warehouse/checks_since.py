"""Checks that follow the change: where all of a table was found good, it is enough to look at what came since.

All of it is looked at again once a night, after a check that was not good, and when a release has other checks. What a
person changes by hand in rows that no load touches is therefore seen at night.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.checks import SINCE, Check, Outcome, Verdict, evaluate, evaluate_one
from og_assets.warehouse.derive import DeriveReport
from og_assets.warehouse.memory import allow_joins
from og_assets.warehouse.sql import read_sql

EVER = "0"
"""In the place of `{since}`: all pulls."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What ops.checked_tables has of a table: when all of it was found good, and what counts as loaded since."""

    whole_at: datetime
    since: int


class Changes(Protocol):
    """What tells which rows of a table are new."""

    @property
    def table(self) -> str:
        """The table, with its schema."""

    def follow(self, since: int) -> bool:
        """Whether what came since can be told, for a table that was found good at `since`."""

    def counted(self, since: int) -> str:
        """How many rows came since, as SQL."""

    def position(self, connection: DuckDBPyConnection) -> tuple[int, int]:
        """`since` for what comes from now on, and the sum of what was loaded so far."""

    def moves(self) -> bool:
        """Whether `since` moves on when what came since is good."""


@dataclass(frozen=True, slots=True)
class Loads:
    """An object's table: its rows tell which pull wrote them."""

    table: str
    object_name: str

    def follow(self, since: int) -> bool:
        """Always."""
        return since >= 0

    def counted(self, since: int) -> str:
        """Rows that pulls have written since."""
        return f"SELECT count(*) FROM {self.table} WHERE _sync_id >= {since}"

    def position(self, connection: DuckDBPyConnection) -> tuple[int, int]:
        """The first pull that is not over, or would be the next one."""
        return tuple(connection.execute(read_sql("loads_position.sql"), [self.object_name]).fetchall()[0])

    def moves(self) -> bool:
        """What was fetched before its parents is looked at again, so all since the night is."""
        return False


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived table, just after it was derived in the same connection, which has temp.touched."""

    table: str
    report: DeriveReport

    def follow(self, since: int) -> bool:
        """Not when all was derived, nor when a derivation between was not looked at."""
        return not self.report.rebuilt and self.report.mark_before == since

    def counted(self, since: int) -> str:  # noqa: ARG002 - it goes from one derivation to the next
        """Rows that were derived."""
        return f"SELECT {self.report.derived}"

    def position(self, connection: DuckDBPyConnection) -> tuple[int, int]:  # noqa: ARG002 - the report has it
        """The load up to which it was derived."""
        return self.report.mark, 0

    def moves(self) -> bool:
        """Each derivation is looked at once."""
        return True


def evaluate_since(
    connection: DuckDBPyConnection, checks: Sequence[Check], changes: Changes, whole_since: datetime
) -> Iterator[Outcome]:
    """The outcome of each check, asked about what came since where all was found good after `whole_since` (aware)."""
    allow_joins(connection)
    hashed = sha256("\n".join(f"{check.sql}{check.since_sql}" for check in checks).encode()).hexdigest()
    checked = _read(connection, changes, hashed, whole_since)
    if checked is None:
        outcomes = list(evaluate(connection, checks))
    else:
        counts = _ask_at_once(connection, checks, changes, checked)
        outcomes = [_outcome(connection, check, counts.get(check.name), checked) for check in checks]
    is_good = all(outcome.verdict is Verdict.GOOD for outcome in outcomes if outcome.check.since_sql)
    if not is_good:
        connection.execute("DELETE FROM ops.checked_tables WHERE table_name = ?", [changes.table])
    elif checked is None:
        _remember(connection, changes, hashed)
    elif changes.moves():
        since, _ = changes.position(connection)
        connection.execute("UPDATE ops.checked_tables SET since = ? WHERE table_name = ?", [since, changes.table])
    yield from outcomes


def _read(connection: DuckDBPyConnection, changes: Changes, hashed: str, whole_since: datetime) -> Checked | None:
    row = connection.execute(
        "SELECT checked_at, since FROM ops.checked_tables WHERE table_name = ? AND checks = ? AND checked_at >= ?",
        [changes.table, hashed, whole_since],
    ).fetchone()
    if row is None or not changes.follow(row[1]):
        return None
    return Checked(row[0].astimezone(UTC), row[1])


def _remember(connection: DuckDBPyConnection, changes: Changes, hashed: str) -> None:
    since, inserted = changes.position(connection)
    connection.execute("DELETE FROM ops.checked_tables WHERE table_name = ?", [changes.table])
    connection.execute(
        "INSERT INTO ops.checked_tables BY NAME SELECT ? AS table_name, ? AS checks, now() AS checked_at, ? AS since,"
        f" count(*) AS rows, ? AS inserted FROM {changes.table}",
        [changes.table, hashed, since, inserted],
    )


def _ask_at_once(
    connection: DuckDBPyConnection, checks: Sequence[Check], changes: Changes, checked: Checked
) -> dict[str, tuple[int, int]]:
    """What each check finds of what came since, and among how many rows; nothing of what DuckDB cannot answer so."""
    came = f"({changes.counted(checked.since)})"
    asked = [
        f"SELECT '{check.name}', (SELECT CAST(coalesce(sum(rows), 0) AS BIGINT) FROM ({_sql(check, checked)})),"
        f" {came if check.since_sql else f'({check.among_sql})'}"
        for check in checks
    ]
    try:
        answers = connection.execute(" UNION ALL ".join(asked)).fetchall()
    except duckdb.Error:
        return {}
    return {name: (found, among or 0) for name, found, among in answers}


def _sql(check: Check, checked: Checked) -> str:
    return check.since_sql.replace(SINCE, str(checked.since)) if check.since_sql else check.sql


def _outcome(
    connection: DuckDBPyConnection, check: Check, counted: tuple[int, int] | None, checked: Checked
) -> Outcome:
    """Good where nothing was found; else what the check says of all of the table."""
    if counted is None or counted[0]:
        return evaluate_one(connection, check)
    return Outcome(check, Verdict.GOOD, among=counted[1], whole_at=checked.whole_at if check.since_sql else None)

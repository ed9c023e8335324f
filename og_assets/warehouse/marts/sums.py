"""The sums by which marts are held against each other and against what they are made of, in the scratch database.

sql/marts/checks/<mart>.sql holds them, each under a line that names it. `ERROR: name` is a query for rows that should
not be there: one is too many. `WARN share: name` is a query for `found` and `among`, and says which share is too much.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from duckdb import DuckDBPyConnection

from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.tables import quoted

_SUM = re.compile(r"^-- (ERROR|WARN ([\d.]+)): (.+)\n((?:(?!^-- (?:ERROR|WARN)).*\n?)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum that must agree (`share` null), or a share that should not be exceeded."""

    name: str
    sql: str
    share: float | None = None

    @property
    def is_error(self) -> bool:
        """Whether marts that break it must not be published."""
        return self.share is None

    @property
    def allowed(self) -> str:
        """How many there may be, in words."""
        return f"at most {self.share:.1%}" if self.share else "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a sum came to: rows that should not be there, or so many `among` all."""

    sum: Sum
    found: int
    among: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong."""
        return self.found == 0 if self.sum.share is None else self.found <= self.sum.share * (self.among or 0)


@cache
def sums_of(mart: DerivedTable) -> tuple[Sum, ...]:
    """All sums of a mart; that its key is unique is one of them."""
    keys = ", ".join(map(quoted, mart.key))
    unique = Sum("one row per key", f"SELECT 1 FROM {quoted(mart.name)} GROUP BY {keys} HAVING count(*) > 1")
    file = files("og_assets.warehouse.sql").joinpath("marts", "checks", f"{mart.name}.sql")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    told = (
        Sum(name, sql.strip().rstrip(";"), float(share) if share else None)
        for _, share, name, sql in _SUM.findall(text)
    )
    return (unique, *told)


def evaluate_sums(connection: DuckDBPyConnection) -> dict[str, tuple[Finding, ...]]:
    """What all sums of all marts came to, by the name of the mart; one statement a mart."""
    return {mart.name: tuple(_evaluate(connection, mart)) for mart in MARTS}


def _evaluate(connection: DuckDBPyConnection, mart: DerivedTable) -> Iterator[Finding]:
    sums = sums_of(mart)
    answers = connection.execute(
        " UNION ALL ".join(
            f"SELECT {number} AS number, count(*) AS found, NULL AS among FROM ({sum.sql})"
            if sum.is_error
            else f"SELECT {number} AS number, found, among FROM ({sum.sql})"
            for number, sum in enumerate(sums)
        )
    ).fetchall()
    yield from (Finding(sums[number], found, among) for number, found, among in sorted(answers))

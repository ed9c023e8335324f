"""What a report consists of: sections with charts and the same figures as tables, and how figures are written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.report.drawing import Chart
from og_assets.warehouse.sql import read_sql

CENT = Decimal("0.01")
UNKNOWN_CURRENCY = "XXX"


def count(value: int) -> str:
    """Whole numbers: 12,345."""
    return f"{value:,}"


def amount(value: Decimal | float) -> str:
    """Amounts to the cent, rounded half up: 1,234.50."""
    return f"{Decimal(value).quantize(CENT, ROUND_HALF_UP):,}"


def estimate(value: float) -> str:
    """What is expected and not counted: whole units are exact enough."""
    return f"{value:,.0f}"


def share(value: float) -> str:
    """A part of one, in per cent: 2.7%."""
    return f"{value:.1%}"


def month(value: date) -> str:
    """A month in a table: Nov 2026."""
    return f"{value:%b %Y}"


def short_month(value: date) -> str:
    """A month at an axis: Nov 26."""
    return f"{value:%b %y}"


def short_day(value: date) -> str:
    """A day at an axis: 3 Nov."""
    return f"{value.day} {value:%b}"


def long_day(value: date) -> str:
    """A day in a sentence: 3 November 2026."""
    return f"{value.day} {value:%B %Y}"


def text(value: object) -> str:
    """As it is; days as 2026-11-03."""
    return str(value)


def money_of(currency: str) -> str:
    """What amounts are in, for a heading."""
    return "in no currency that was told" if currency == UNKNOWN_CURRENCY else f"in {currency}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and how its values are written; numbers stand on the right."""

    name: str
    written: Callable[[Any], str]

    @property
    def is_number(self) -> bool:
        """Whether it stands on the right."""
        return self.written in {count, amount, estimate, share}


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as rows; what is not known (None) stays empty."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    @property
    def cells(self) -> Sequence[Sequence[str]]:
        """The rows as they are written."""
        return [
            ["" if value is None else column.written(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Charts, and the tables of their figures by name; one alone needs none."""

    charts: Sequence[Chart]
    tables: Mapping[str, Table]
    heading: str = ""

    @property
    def opens(self) -> bool:
        """Whether the tables are what there is to see, and stand there without being asked for."""
        return not self.charts


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question with its answer. `key` is its anchor."""

    key: str
    title: str
    told: str
    """What the figures mean, and what they do not."""
    parts: Sequence[Part]
    nothing: str = "There is nothing to show yet."
    """What is said when there are no parts."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment that all figures describe."""

    instant: datetime
    day: date
    month: date
    zone: str


Rows = Sequence[Mapping[str, Any]]


def ask(connection: DuckDBPyConnection, name: str) -> Rows:
    """The rows of sql/report/<name>.sql, by column."""
    found = connection.execute(read_sql(f"report/{name}.sql"))
    columns = [column for column, *_ in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def by(rows: Rows, column: str) -> Mapping[Any, Rows]:
    """Rows by the value of a column, each kind in its order."""
    kinds: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row[column], []).append(row)
    return kinds

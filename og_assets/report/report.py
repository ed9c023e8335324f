"""Reads the marts, renders the page, and puts it in its place whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from filelock import Timeout
from jinja2 import Environment, PackageLoader, StrictUndefined

from og_assets.errors import OgAssetsError
from og_assets.locking import ProcessLock
from og_assets.report import orders, subscriptions
from og_assets.report.parts import AsOf, Rows, Section, amount, ask, count, estimate, long_day, month, share
from og_assets.warehouse.marts.all_marts import MARTS
from og_assets.warehouse.tables import names_with_columns

NAME = "index.html"
WIDE, NARROW = 880, 350
"""How wide charts are drawn for a desk and for a phone."""
SECONDS_FOR_A_TURN = 60.0
MAY_BE_EMPTY = frozenset({"skips", "reasons"})
"""Nobody has skipped a box, or left."""


class ReportRefused(OgAssetsError):
    """The report cannot be written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure on top, and what it is."""

    name: str
    figure: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the marts say. Without `as_of` there are none yet, and the rest is empty."""

    as_of: AsOf | None = None
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = ()
    active_subscriptions: int = 0
    active_customers: int = 0
    recurring_revenue: Sequence[tuple[str, Decimal]] = ()
    """By currency."""

    @property
    def empty(self) -> Sequence[str]:
        """The titles of sections that show nothing, but for those of which a merchant may have none."""
        return [section.title for section in self.sections if not section.parts and section.key not in MAY_BE_EMPTY]


def read_report(connection: DuckDBPyConnection) -> Report:
    """Everything that the report shows, of one moment: nobody writes while the warehouse is open.

    Raises ReportRefused where the marts are those of another release.
    """
    as_of = _as_of(connection)
    if as_of is None:
        return Report()
    there = names_with_columns(connection, MARTS)
    if other := [mart.name for mart in MARTS if mart.qualified_name not in there]:
        raise ReportRefused(
            f"The marts of this warehouse were built by another release: {', '.join(other)} have other columns than"
            " this one's. Run `og sync`, which builds them anew, then write the report again."
        )
    currencies = [row["currency_code"] for row in ask(connection, "currencies")]
    (headline,) = ask(connection, "headline")
    amounts = ask(connection, "headline_amounts")
    return Report(
        as_of,
        _tiles(headline, amounts),
        (
            subscriptions.recurring_revenue(connection, currencies),
            subscriptions.churn(connection),
            subscriptions.lifecycle(connection),
            subscriptions.cohorts(connection),
            orders.forecast(connection),
            orders.forecast_by_product(connection, as_of),
            orders.outcomes(connection),
            orders.revenue(connection, currencies),
            orders.products(connection, currencies),
            orders.skips(connection),
            subscriptions.reasons(connection),
        ),
        headline["active_subscriptions"],
        headline["active_customers"],
        [(row["currency_code"], row["mrr"]) for row in amounts],
    )


def _as_of(connection: DuckDBPyConnection) -> AsOf | None:
    known = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'analytics' AND table_name = 'marts_as_of'"
        " AND database_name = current_database()"
    ).fetchone()
    rows = ask(connection, "as_of") if known else []
    return AsOf(*rows[0].values()) if rows else None


def _tiles(headline: Any, amounts: Rows) -> Sequence[Tile]:
    at_risk = headline["subscriptions_at_risk"]
    tiles = [
        Tile("Active subscriptions", count(headline["active_subscriptions"]), f"{count(at_risk)} of them at risk"),
        Tile("Customers who subscribe", count(headline["active_customers"])),
    ]
    for row in amounts:
        change = "+" if row["change_this_month"] >= 0 else ""
        note = f"{change}{amount(row['change_this_month'])} this month, {amount(row['mrr_at_risk'])} at risk"
        tiles.append(Tile(f"Monthly recurring revenue, {row['currency_code']}", amount(row["mrr"]), note))
    if headline["churn_rate"] is not None:
        told = f"Churn of subscriptions in {month(headline['churn_month'])}"
        tiles.append(Tile(told, share(headline["churn_rate"]), "the last full month"))
    planned = f"{count(headline['units_planned'])} planned"
    tiles.append(Tile("Units expected in four weeks", estimate(headline["units_expected"]), planned))
    return tiles


def render(report: Report, merchant: str = "") -> str:
    """The page: the same for the same figures."""
    environment = Environment(
        loader=PackageLoader("og_assets.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html").render(
        report=report,
        merchant=merchant,
        day=long_day(report.as_of.day) if report.as_of else "",
        instant=f"{report.as_of.instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if report.as_of else "",
        widths={"wide": WIDE, "narrow": NARROW},
    )


def write(page: str, folder: Path) -> Path:
    """Make the page index.html of `folder`, at once: who reads it sees the old or the new one. Raises ReportRefused."""
    file = folder / NAME
    new = folder / f".{NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessLock(folder / f".{NAME}.lock", timeout=SECONDS_FOR_A_TURN):
            new.write_text(page, encoding="utf-8")
            new.replace(file)
    except Timeout:
        raise ReportRefused(f"Another report is being written to {folder} and does not end; look for it.") from None
    except OSError as error:
        raise ReportRefused(f"The report could not be written to {folder}: {error}. What was there stays.") from error
    return file

"""The sections on recurring revenue, and on who subscribes, leaves and stays."""

from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.report.drawing import Bars, Columns, Row, Series, Triangle
from og_assets.report.parts import (
    Column,
    Part,
    Rows,
    Section,
    Table,
    amount,
    ask,
    by,
    count,
    money_of,
    month,
    share,
    short_month,
    text,
)

LEVELS = {"subscription": "subscriptions", "customer": "customers"}
LIFECYCLES = {
    "active": ("Active", "blue"),
    "new": ("New: no recurring order placed yet", "sky"),
    "trial": ("In a free trial", "green"),
    "without_next_order": ("Active without a next order", "amber"),
    "payment_failing": ("Payment failing", "orange"),
    "disengaged": ("Disengaged: three or more rejections in a row", "red"),
    "cancelled": ("Cancelled", "grey"),
}
"""How each is called and coloured, from well to gone."""
MOVEMENTS = (
    ("new_mrr", "new", "blue", 1),
    ("reactivation_mrr", "reactivation", "sky", 1),
    ("expansion_mrr", "expansion", "green", 1),
    ("contraction_mrr", "contraction", "amber", -1),
    ("churn_mrr", "churn", "red", -1),
)


def lifecycle(connection: DuckDBPyConnection) -> Section:
    """Where all subscriptions stand."""
    counted = {row["lifecycle"]: row["subscriptions"] for row in ask(connection, "lifecycle")}
    shown = [(name, colour, counted[key]) for key, (name, colour) in LIFECYCLES.items() if key in counted]
    bars = Bars(
        title="Subscriptions by where they stand",
        rows=[Row(name=name, parts=[(colour, number)], figure=count(number)) for name, colour, number in shown],
    )
    table = Table([Column("Where", text), Column("Subscriptions", count)], [(name, n) for name, _, n in shown])
    return Section(
        key="lifecycle",
        title="Where subscriptions stand",
        told="All subscriptions there ever were. Those with failing payments, and disengaged ones, are live: "
        "Ordergroove does not cancel them by itself. There is no paused state: who waits has a later next order.",
        parts=[Part(charts=[bars], tables={"": table})] if shown else [],
    )


def recurring_revenue(connection: DuckDBPyConnection, currencies: Sequence[str]) -> Section:
    """The waterfall, by currency."""
    rows = by(ask(connection, "mrr"), "currency_code")
    return Section(
        key="mrr",
        title="Monthly recurring revenue",
        told="What subscriptions that are active on a month's last day are worth per month: the value of a box times "
        "boxes per month. A rate, not the cash of that month; without one-time items, tax and shipping.",
        parts=[_waterfall(currency, rows[currency]) for currency in currencies if currency in rows],
    )


def _waterfall(currency: str, rows: Rows) -> Part:
    labels = [short_month(row["month"]) for row in rows]
    unfinished = _unfinished(rows)
    closing = Columns(
        title=f"Monthly recurring revenue at the end of each month, {money_of(currency)}",
        labels=labels,
        columns=[Series("recurring revenue", "blue", [float(row["closing_mrr"]) for row in rows])],
        written=amount,
        height=180,
        unfinished=unfinished,
    )
    movements = Columns(
        title=f"What came and went in each month, {money_of(currency)}",
        labels=labels,
        columns=[
            Series(name, colour, [sign * float(row[column]) for row in rows])
            for column, name, colour, sign in MOVEMENTS
        ],
        written=amount,
        unfinished=unfinished,
    )
    table = Table(
        [
            Column("Month", text),
            Column("Opening", amount),
            *(Column(name.capitalize(), amount) for _, name, _, _ in MOVEMENTS),
            Column("Closing", amount),
        ],
        [
            (_month(row), row["opening_mrr"], *(row[column] for column, *_ in MOVEMENTS), row["closing_mrr"])
            for row in rows
        ],
    )
    return Part(heading=money_of(currency), charts=[closing, movements], tables={"": table})


def churn(connection: DuckDBPyConnection) -> Section:
    """The rates of subscriptions and customers, and who cancelled by choice."""
    levels = by(ask(connection, "churn"), "level")
    parts = []
    if subscriptions := levels.get("subscription"):
        labels = [short_month(row["month"]) for row in subscriptions]
        lines = [
            Series(LEVELS[level], colour, [row["churn_rate"] for row in levels[level]])
            for level, colour in (("subscription", "red"), ("customer", "blue"))
            if level in levels
        ]
        rates = Columns(
            title="Churn rate: of those active when the month began, the part that left in it",
            labels=labels,
            lines=lines,
            written=share,
            height=180,
        )
        passive = [row["cancelled_passive"] or 0 for row in subscriptions]
        chosen = [row["cancelled"] - lost for row, lost in zip(subscriptions, passive, strict=True)]
        ended = Columns(
            title="Cancelled subscriptions",
            labels=labels,
            columns=[Series("by choice", "amber", chosen), Series("after failed payments", "red", passive)],
            written=_whole,
            height=180,
            unfinished=_unfinished(subscriptions),
        )
        parts = [
            Part(
                charts=[rates, ended],
                tables={name: _comings_and_goings(levels[level]) for level, name in LEVELS.items() if level in levels},
            )
        ]
    return Section(
        key="churn",
        title="Churn",
        told="A subscription leaves when it is cancelled, a customer when the last active subscription ends. The month "
        "under way (paler) has few cancellations because it is not over. Who never subscribed is not churned.",
        parts=parts,
    )


def _comings_and_goings(rows: Rows) -> Table:
    columns = ("opening", "new", "returned", "cancelled", "cancelled_passive", "cancelled_of_opening", "closing")
    names = ("Opening", "New", "Returned", "Cancelled", "of these passive", "of the opening", "Closing")
    shown = [
        (column, name)
        for column, name in zip(columns, names, strict=True)
        if any(row[column] is not None for row in rows)
    ]
    return Table(
        [Column("Month", text), *(Column(name, count) for _, name in shown), Column("Churn rate", share)],
        [(_month(row), *(row[column] for column, _ in shown), row["churn_rate"]) for row in rows],
    )


def cohorts(connection: DuckDBPyConnection) -> Section:
    """Two triangles: subscriptions, customers."""
    levels = by(ask(connection, "cohorts"), "level")
    return Section(
        key="cohorts",
        title="Who stays",
        told="Of those who started in a month, the per cent active so many months after their own start, those who "
        "left and came back included. Subscriptions imported from an earlier program are left out: only survivors were "
        "imported.",
        parts=[_triangle(level, levels[level]) for level in LEVELS if level in levels],
    )


def _triangle(level: str, rows: Rows) -> Part:
    cohorts = by(rows, "cohort_month")
    shown = [
        (
            f"{short_month(start)} ({count(ages[0]['cohort_size'])})",
            start,
            ages[0]["cohort_size"],
            {row["age_months"]: row["active_rate"] for row in ages},
        )
        for start, ages in cohorts.items()
    ]
    oldest = max(max(rates) for *_, rates in shown)
    triangle = Triangle(
        title=f"{LEVELS[level].capitalize()} still active, per cent of those who started, by months since the start",
        rows=[(name, [rates.get(age) for age in range(max(rates) + 1)]) for name, _, _, rates in shown],
    )
    table = Table(
        [Column("Started", month), Column("Started with", count), *(Column(str(k), share) for k in range(oldest + 1))],
        [(start, size, *(rates.get(age) for age in range(oldest + 1))) for _, start, size, rates in shown],
    )
    return Part(heading=LEVELS[level].capitalize(), charts=[triangle], tables={"": table})


def reasons(connection: DuckDBPyConnection) -> Section:
    """Why subscriptions ended."""
    kinds = (
        ("by_choice", "by choice", "amber"),
        ("passive", "after failed payments", "red"),
        ("prepaid_ended", "prepaid term ended", "sky"),
        ("product_ended", "product discontinued", "grey"),
    )
    rows = ask(connection, "reasons")
    bars = Bars(
        title="Cancelled subscriptions of the last 365 days by reason",
        rows=[
            Row(
                name=_reason(row),
                parts=[(colour, row[column]) for column, _, colour in kinds],
                figure=count(row["cancellations"]),
            )
            for row in rows
        ],
        legend=[(colour, name) for column, name, colour in kinds if any(row[column] for row in rows)],
    )
    table = Table(
        [
            Column("Reason", text),
            *(Column(name.capitalize(), count) for _, name, _ in kinds),
            Column("Cancellations", count),
        ],
        [(_reason(row), *(row[column] for column, *_ in kinds), row["cancellations"]) for row in rows],
    )
    return Section(
        key="reasons",
        title="Why subscriptions end",
        told="Of the last 365 days. A wording is shown where at least ten subscriptions have it; else the code stands "
        "alone. Who cancelled, customer or service desk, is not told by the API.",
        parts=[Part(charts=[bars], tables={"": table})] if rows else [],
        nothing="No subscription ended in the last 365 days.",
    )


def _reason(row: Any) -> str:
    code, wording = row["reason_code"], row["reason"]
    return "No reason given" if code is None else wording or f"Reason {code}"


def _month(row: Any) -> str:
    return month(row["month"]) + ("" if row["is_complete"] else ", so far")


def _unfinished(rows: Rows) -> frozenset[int]:
    return frozenset(place for place, row in enumerate(rows) if not row["is_complete"])


def _whole(value: float) -> str:
    return count(round(value))

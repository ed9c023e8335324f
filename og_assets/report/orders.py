"""The sections on orders: what is to come, what became of those that were due, revenue, skips and products."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from og_assets.report.drawing import Bars, Columns, Row, Series
from og_assets.report.parts import (
    AsOf,
    Column,
    Part,
    Rows,
    Section,
    Table,
    amount,
    ask,
    by,
    count,
    estimate,
    money_of,
    month,
    share,
    short_day,
    text,
)

SOURCES = (
    ("in_retry", "in retry", "red"),
    ("in_placement", "in placement", "amber"),
    ("scheduled", "scheduled", "blue"),
    ("projected", "projected", "sky"),
)
WEEKS_BY_PRODUCT = 8


def forecast(connection: DuckDBPyConnection) -> Section:
    """Units by week."""
    weeks = by(ask(connection, "forecast"), "week_of")
    planned = {week: {row["source"]: row["units"] for row in rows} for week, rows in weeks.items()}
    expected = [sum(row["expected_units"] for row in rows) for rows in weeks.values()]
    chart = Columns(
        title="Units to send by week, as planned (columns) and as expected (line)",
        labels=[short_day(week) for week in weeks],
        names=[f"Week of {week}" for week in weeks],
        columns=[
            Series(name, colour, [units.get(source, 0) for units in planned.values()])
            for source, name, colour in SOURCES
            if any(source in units for units in planned.values())
        ],
        lines=[Series("expected", "ink", expected)],
        written=estimate,
    )
    table = Table(
        [
            Column("Week of", text),
            *(Column(name.capitalize(), count) for _, name, _ in SOURCES),
            Column("Planned", count),
            Column("Expected", estimate),
        ],
        [
            (week, *(units.get(source, 0) for source, *_ in SOURCES), sum(units.values()), likely)
            for (week, units), likely in zip(planned.items(), expected, strict=True)
        ],
    )
    return Section(
        key="forecast",
        title="Units to come",
        told="Exact where orders exist, projected by each subscription's interval behind them. Expected is what "
        "remains after the usual failures, skips and cancellations. Future subscribers and one-time items are not in "
        "it.",
        parts=[Part(charts=[chart], tables={"": table}), *_past_forecasts(connection)] if weeks else [],
    )


def _past_forecasts(connection: DuckDBPyConnection) -> Sequence[Part]:
    """What earlier forecasts said of weeks that are over."""
    found = ask(connection, "past_forecasts")
    table = Table(
        [
            Column("Forecast of", text),
            Column("Four weeks from", text),
            Column("Planned", count),
            Column("Expected", estimate),
            Column("Came, new subscribers too", count),
            Column("Came, of those expected", share),
        ],
        [(*row.values(), row["placed"] / row["expected_units"] if row["expected_units"] else None) for row in found],
    )
    return [Part(charts=[], tables={"": table}, heading="Earlier forecasts beside what came")] if found else []


def forecast_by_product(connection: DuckDBPyConnection, as_of: AsOf) -> Section:
    """The next weeks as a table."""
    monday = as_of.day - timedelta(days=as_of.day.weekday())
    weeks = [monday + timedelta(weeks=number) for number in range(WEEKS_BY_PRODUCT)]
    products = by(ask(connection, "forecast_products"), "rank")
    table = Table(
        [
            Column("Product", text),
            *(Column(short_day(week), count) for week in weeks),
            Column("Planned", count),
            Column("Expected", estimate),
        ],
        [
            (
                _product(rows[0]),
                *(next((row["units"] for row in rows if row["week_of"] == week), 0) for week in weeks),
                sum(row["units"] for row in rows),
                sum(row["expected_units"] for row in rows),
            )
            for rows in products.values()
        ],
    )
    return Section(
        key="products-to-come",
        title="Units of the next eight weeks by product",
        told="As planned, by the week that begins on that Monday. Components of a bundle count for themselves.",
        parts=[Part(charts=[], tables={"": table})] if products else [],
    )


def outcomes(connection: DuckDBPyConnection) -> Section:
    """What became of orders, as a funnel."""
    (found,) = ask(connection, "outcomes")
    due = found["due"]
    sent = sum(found[name] for name in ("placed", "recovered", "rejected", "in_retry", "in_placement"))
    placed = found["placed"] + found["recovered"]
    funnel = (
        ("Due", "blue", due),
        ("Not sent: skipped", "grey", found["skipped"]),
        ("Not sent: deleted, mostly with their subscription", "grey", found["deleted"]),
        ("Not sent: cancelled by the shop's answer", "grey", found["shop_cancel"]),
        ("Not sent: merged into another order", "grey", found["merged"]),
        ("Not sent: still scheduled", "sky", found["overdue"]),
        ("Not sent: status not documented", "grey", found["unknown"]),
        ("Sent to the shop", "blue", sent),
        ("Rejected", "red", found["rejected"]),
        ("Failed, being tried again", "orange", found["in_retry"]),
        ("Being placed", "sky", found["in_placement"]),
        ("Placed", "blue", placed),
        ("Of these after a failed attempt", "green", found["recovered"]),
    )
    bars = Bars(
        title="What became of the orders that were due in the last 90 days",
        rows=[
            Row(name=name, parts=[(colour, number)], figure=f"{count(number)} ({share(number / due)})")
            for name, colour, number in funnel
            if number
        ],
    )
    table = Table(
        [Column("Orders", text), Column("Number", count), Column("Of those due", share)],
        [(name, number, number / due if due else None) for name, _, number in funnel],
    )
    decided = found["recovered"] + found["rejected"]
    rates = [
        ("first-try rate", found["placed"], sent),
        ("rejection rate", found["rejected"], sent),
        ("recovery rate", found["recovered"], decided),
    ]
    told = ", ".join(f"{name} {share(part / whole)}" for name, part, whole in rates if whole)
    return Section(
        key="outcomes",
        title="What became of orders",
        told=f"Orders with a place date in the last 90 days, all currencies.{f' {told.capitalize()}.' if told else ''} "
        "The recovery rate moves until retries end. Merged orders are not lost: another order holds their items.",
        parts=[Part(charts=[bars], tables={"": table})] if due else [],
        nothing="No order was due in the last 90 days.",
    )


def revenue(connection: DuckDBPyConnection, currencies: Sequence[str]) -> Section:
    """Revenue by day, by currency."""
    rows = by(ask(connection, "revenue"), "currency_code")
    return Section(
        key="revenue",
        title="Revenue by day",
        told="Of orders placed in the last 90 days, by place date: after discounts, without tax and shipping. "
        "Recurring orders only; the checkout order that began a subscription is the shop's.",
        parts=[_by_day(currency, rows[currency]) for currency in currencies if currency in rows],
    )


def _by_day(currency: str, rows: Rows) -> Part:
    chart = Columns(
        title=f"Revenue of placed orders by day, {money_of(currency)}",
        labels=[short_day(row["day"]) if row["day"].weekday() == 0 else "" for row in rows],
        names=[str(row["day"]) for row in rows],
        columns=[
            Series("subscriptions", "blue", [float(row["subscription_revenue"]) for row in rows]),
            Series("one-time items", "amber", [float(row["one_time_revenue"]) for row in rows]),
        ],
        written=amount,
    )
    table = Table(
        [
            Column("Day", text),
            Column("Orders placed", count),
            Column("Subscriptions", amount),
            Column("One-time items", amount),
            Column("Revenue", amount),
            Column("Orders rejected", count),
        ],
        [
            (
                row["day"],
                row["orders"],
                row["subscription_revenue"],
                row["one_time_revenue"],
                row["revenue"],
                row["orders_rejected"],
            )
            for row in rows
        ],
    )
    return Part(heading=money_of(currency), charts=[chart], tables={"": table})


def skips(connection: DuckDBPyConnection) -> Section:
    """Boxes left out, by week."""
    rows = ask(connection, "skips")
    chart = Columns(
        title="Skipped boxes by week",
        labels=[short_day(row["week_of"]) for row in rows],
        names=[f"Week of {row['week_of']}" for row in rows],
        columns=[
            Series("whole orders", "blue", [row["orders"] for row in rows]),
            Series("one subscription's items", "sky", [row["shipments"] for row in rows]),
        ],
        written=estimate,
        height=180,
        unfinished=frozenset({len(rows) - 1}),
    )
    table = Table(
        [Column("Week of", text), Column("Whole orders", count), Column("One subscription's items", count)],
        [(row["week_of"], row["orders"], row["shipments"]) for row in rows],
    )
    return Section(
        key="skips",
        title="Skips",
        told="Boxes that were due and left out while the subscription went on, by the week in which they were skipped. "
        "Without webhooks about one in eight of the second kind is none. The API does not tell why, nor who skipped.",
        parts=[Part(charts=[chart], tables={"": table})]
        if any(row["orders"] + row["shipments"] for row in rows)
        else [],
        nothing="Nothing was skipped in the last 26 weeks.",
    )


def products(connection: DuckDBPyConnection, currencies: Sequence[str]) -> Section:
    """What sold, by currency."""
    rows = by(ask(connection, "products"), "currency_code")
    shown = [currency for currency in currencies if currency in rows]
    of_month = month(rows[shown[0]][0]["month"]) if shown else "the last full month"
    return Section(
        key="products",
        title="Products",
        told=f"Of {of_month}, the last full month: revenue of placed orders, components of a bundle for themselves. "
        "Recurring revenue counts by what is subscribed to, the bundle.",
        parts=[_ranked(currency, rows[currency]) for currency in shown],
    )


def _ranked(currency: str, rows: Rows) -> Part:
    bars = Bars(
        title=f"Products by revenue, {money_of(currency)}",
        rows=[
            Row(
                name=_product(row),
                parts=[("blue", float(row["subscription_revenue"])), ("amber", float(row["one_time_revenue"]))],
                figure=amount(row["revenue"]),
            )
            for row in rows
        ],
        legend=[("blue", "subscriptions"), ("amber", "one-time items")],
    )
    table = Table(
        [
            Column("Product", text),
            Column("Units", count),
            Column("Subscriptions", amount),
            Column("One-time items", amount),
            Column("Revenue", amount),
            Column("Recurring revenue at the month's end", amount),
        ],
        [
            (
                _product(row),
                row["units"],
                row["subscription_revenue"],
                row["one_time_revenue"],
                row["revenue"],
                row["closing_mrr"],
            )
            for row in rows
        ],
    )
    return Part(heading=money_of(currency), charts=[bars], tables={"": table})


def _product(row: Any) -> str:
    """Name and id; the row of all others says how many they are."""
    if row["others"]:
        return f"{count(row['others'])} other product{'s' if row['others'] > 1 else ''}"
    if row["product"] is None:
        return "No product told"
    return f"{row['name']} ({row['product']})" if row["name"] else row["product"]

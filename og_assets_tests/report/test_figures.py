"""Every number in a table of the report is the answer to a query, asked of the marts or of what they are made of."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.report.report import read_report, render
from og_assets_tests.report.page import Page, Table, read

Expected = list[Table]


@pytest.fixture(scope="module")
def page(connection: DuckDBPyConnection) -> Page:
    """The report of the merchant."""
    return read(render(read_report(connection)))


def bodies(page: Page, section: str) -> Expected:
    """The tables of a section without their headings."""
    return [table[1:] for table in page.tables[section]]


def ask(connection: DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Rows by column; `as_of` is the day of the marts."""
    found = connection.execute(f"WITH today AS (SELECT as_of_date AS as_of FROM analytics.marts_as_of) {sql}")
    columns = [column for column, *_ in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def cents(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def per_cent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def by_currency(connection: DuckDBPyConnection, rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows of each currency; the one with the most orders first."""
    orders = connection.execute(
        "SELECT currency_code FROM analytics.order_totals GROUP BY 1 ORDER BY count(*) DESC, 1"
    ).fetchall()
    found: Mapping[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["currency_code"]].append(row)
    assert len(found) > 1, "one currency alone shows nothing about several"
    return [found[currency] for (currency,) in orders if found[currency]]


def month_of(row: dict[str, Any]) -> str:
    return f"{row['month']:%b %Y}{'' if row['is_complete'] else ', so far'}"


def test_recurring_revenue(connection: DuckDBPyConnection, page: Page) -> None:
    """Thirteen months of each currency, none added to another."""
    sql = "SELECT * FROM analytics.mrr_monthly, today WHERE month > as_of - INTERVAL 13 MONTH ORDER BY month"
    kinds = ("new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churn_mrr")
    expected = [
        [[month_of(row), *(cents(row[kind]) for kind in ("opening_mrr", *kinds, "closing_mrr"))] for row in rows]
        for rows in by_currency(connection, ask(connection, sql))
    ]
    assert bodies(page, "mrr") == expected
    assert len(expected[0]) == 13


def test_churn(connection: DuckDBPyConnection, page: Page) -> None:
    """Of subscriptions, and of customers, of whom nobody knows who left passively."""
    sql = "SELECT * FROM analytics.churn_monthly, today WHERE month > as_of - INTERVAL 13 MONTH ORDER BY month"
    rows = ask(connection, sql)
    columns = ["opening", "new", "returned", "cancelled", "cancelled_passive", "cancelled_of_opening", "closing"]
    expected = []
    for level in ("subscription", "customer"):
        shown = [column for column in columns if level == "subscription" or column != "cancelled_passive"]
        expected.append(
            [
                [month_of(row), *(f"{row[column]:,}" for column in shown), per_cent(row["churn_rate"])]
                for row in rows
                if row["level"] == level
            ]
        )
    assert bodies(page, "churn") == expected


def test_where_subscriptions_stand(connection: DuckDBPyConnection, page: Page) -> None:
    """All of them are somewhere."""
    (table,) = bodies(page, "lifecycle")
    counts = connection.execute(
        "SELECT count(*) FROM analytics.subscription_overview GROUP BY lifecycle ORDER BY 1"
    ).fetchall()
    assert sorted(int(number.replace(",", "")) for _, number in table) == [count for (count,) in counts]
    names = {name.split(":")[0] for name, _ in table}
    assert {"Active", "Cancelled", "Payment failing"} <= names


def test_cohorts(connection: DuckDBPyConnection, page: Page) -> None:
    """Sixteen months of subscriptions and of customers, each as far as all of it got."""
    found = bodies(page, "cohorts")
    for level, table in zip(("subscription", "customer"), found, strict=True):
        rows = ask(
            connection,
            f"SELECT * FROM analytics.retention_cohorts, today WHERE level = '{level}'"
            " AND cohort_month > as_of - INTERVAL 16 MONTH ORDER BY cohort_month, age_months",
        )
        expected: dict[str, list[str]] = {}
        for row in rows:
            start = f"{row['cohort_month']:%b %Y}"
            expected.setdefault(start, [start, f"{row['cohort_size']:,}"]).append(per_cent(row["active_rate"]))
        assert [[cell for cell in row if cell] for row in table] == list(expected.values())
        assert 10 < len(table) <= 16


def test_units_to_come(connection: DuckDBPyConnection, page: Page) -> None:
    """By week and source, planned and expected."""
    rows = ask(
        connection,
        "SELECT week_of, "
        + "".join(
            f"coalesce(sum(units) FILTER (source = '{source}'), 0) AS {source}, "
            for source in ("in_retry", "in_placement", "scheduled", "projected")
        )
        + "sum(units) AS planned, sum(expected_units) AS expected FROM analytics.order_forecast, today"
        " WHERE place_date <= as_of + 365 GROUP BY week_of ORDER BY week_of",
    )
    expected = [[str(row.pop("week_of")), *(f"{number:,.0f}" for number in row.values())] for row in rows]
    assert bodies(page, "forecast") == [expected]
    assert len(expected) > 50


def test_earlier_forecasts_stand_beside_what_came(warehouse: WarehouseResource) -> None:
    """The four weeks after each, once they are over: of a forecast made three weeks ago nothing is said yet."""
    with warehouse.get_connection() as connection:
        (monday,) = (
            connection.execute("SELECT date_trunc('week', as_of_date)::DATE FROM analytics.marts_as_of").fetchone()
            or ()
        )
        for made_on, share in ((monday - timedelta(days=32), 2), (monday - timedelta(days=21), 5)):
            connection.execute(
                "INSERT INTO analytics.order_forecast_log SELECT $made_on, date_trunc('week', day)::DATE,"
                " 'p' || row_number() OVER (), units, $share * units"
                " FROM analytics.daily_facts WHERE day > $made_on - 7 AND units > 0",
                {"made_on": made_on, "share": share},
            )
        came = connection.execute(
            "SELECT sum(units)::BIGINT FROM analytics.daily_facts WHERE day >= $first AND day < $first + 28",
            {"first": monday - timedelta(days=28)},
        ).fetchone()
        (_, table) = bodies(read(render(read_report(connection))), "forecast")
    assert came
    assert came[0] > 20
    planned, expected, placed = f"{came[0]:,}", f"{2 * came[0]:,}", f"{came[0]:,}"
    days = [str(monday - timedelta(days=ago)) for ago in (32, 28)]
    assert table == [[*days, planned, expected, placed, "50.0%"]]


def test_units_of_eight_weeks_by_product(connection: DuckDBPyConnection, page: Page) -> None:
    """The columns add up to the weeks, the rows to their products."""
    (table,) = bodies(page, "products-to-come")
    by_week = connection.execute(
        "SELECT coalesce(sum(units) FILTER (week_of = date_trunc('week', as_of_date) + week * INTERVAL 7 DAY), 0)"
        " FROM analytics.order_forecast, analytics.marts_as_of, range(8) AS weeks(week) GROUP BY week ORDER BY week"
    ).fetchall()
    columns = list(zip(*(map(int, row[1:9]) for row in table), strict=True))
    assert [sum(column) for column in columns] == [units for (units,) in by_week]
    found = {row[0].rpartition("(")[2].rstrip(")"): (int(row[9]), row[10]) for row in table}
    per_product = connection.execute(
        "SELECT product, sum(units), sum(expected_units) FROM analytics.order_forecast, analytics.marts_as_of"
        " WHERE week_of < date_trunc('week', as_of_date) + INTERVAL 56 DAY GROUP BY product"
    ).fetchall()
    assert found == {product: (units, f"{expected:,.0f}") for product, units, expected in per_product}


def test_what_became_of_orders(connection: DuckDBPyConnection, page: Page) -> None:
    """Counted from the orders themselves, not from the days."""
    (table,) = bodies(page, "outcomes")
    rows = connection.execute(
        "SELECT CASE outcome WHEN 'scheduled' THEN 'overdue' ELSE outcome END, count(*)"
        " FROM analytics.order_totals, analytics.marts_as_of"
        " WHERE place_date BETWEEN as_of_date - 89 AND as_of_date GROUP BY 1"
    ).fetchall()
    counted = defaultdict[str, int](int, rows)
    sent = sum(counted[name] for name in ("placed", "recovered", "rejected", "in_retry", "in_placement"))
    due = sum(counted.values())
    numbers = [
        due, counted["skipped"], counted["deleted"], counted["shop_cancel"], counted["merged"], counted["overdue"],
        counted["unknown"], sent, counted["rejected"], counted["in_retry"], counted["in_placement"],
        counted["placed"] + counted["recovered"], counted["recovered"],
    ]  # fmt: skip
    assert [row[1:] for row in table] == [[f"{number:,}", f"{number / due:.1%}"] for number in numbers]


def test_revenue_by_day(connection: DuckDBPyConnection, page: Page) -> None:
    """Of the placed orders of 90 days, currency by currency."""
    rows = ask(
        connection,
        """
        SELECT
            currency_code, day, count("order") FILTER (is_placed) AS orders,
            coalesce(sum(subscription_revenue) FILTER (is_placed), 0.0000) AS held,
            coalesce(sum(one_time_revenue) FILTER (is_placed), 0.0000) AS once,
            coalesce(sum(sub_total) FILTER (is_placed), 0.0000) AS revenue,
            count("order") FILTER (outcome = 'rejected') AS rejected
        FROM (
            SELECT currency_code, CAST(unnest(range(as_of - 89, as_of + 1, INTERVAL 1 DAY)) AS DATE) AS day
            FROM (SELECT DISTINCT currency_code FROM analytics.daily_facts), today
        )
        LEFT JOIN analytics.order_totals USING (currency_code)
        WHERE place_date IS NULL OR place_date = day
        GROUP BY ALL ORDER BY day
        """,
    )
    found = [{row[0]: row for row in table} for table in bodies(page, "revenue")]
    for rows_of_one, table in zip(by_currency(connection, rows), found, strict=True):
        assert len(table) == 90
        quiet = set(table) - {str(row["day"]) for row in rows_of_one}
        assert all(table[day][1:] == ["0", "0.00", "0.00", "0.00", "0"] for day in quiet)
        for row in rows_of_one:
            amounts = [cents(row[name]) for name in ("held", "once", "revenue")]
            assert table[str(row["day"])][1:] == [f"{row['orders']:,}", *amounts, f"{row['rejected']:,}"]


def test_products(connection: DuckDBPyConnection, page: Page) -> None:
    """Of the last full month; the row of all others holds what is not shown."""
    rows = ask(
        connection,
        "SELECT * FROM analytics.product_monthly, today WHERE month = date_trunc('month', as_of - INTERVAL 1 MONTH)"
        " AND (units > 0 OR closing_mrr > 0) ORDER BY revenue DESC, closing_mrr DESC, product",
    )
    amounts = ("subscription_revenue", "one_time_revenue", "revenue", "closing_mrr")
    for rows_of_one, table in zip(by_currency(connection, rows), bodies(page, "products"), strict=True):
        expected = [
            [f"{row['name']} ({row['product']})", f"{row['units']:,}", *(cents(row[amount]) for amount in amounts)]
            for row in rows_of_one[:15]
        ]
        if others := rows_of_one[15:]:
            name = expected_name(others)
            sums = [cents(sum((row[amount] for row in others), Decimal(0))) for amount in amounts]
            expected.append([name, f"{sum(row['units'] for row in others):,}", *sums])
        assert table == expected


def expected_name(others: list[dict[str, Any]]) -> str:
    return "1 other product" if len(others) == 1 else f"{len(others):,} other products"


def test_skips(connection: DuckDBPyConnection, page: Page) -> None:
    """Half a year of weeks, those without any among them."""
    (table,) = bodies(page, "skips")
    counted = connection.execute(
        "SELECT CAST(CAST(date_trunc('week', skipped_on) AS DATE) AS VARCHAR), count(*) FILTER (kind = 'order'),"
        " count(*) FILTER (kind = 'shipment') FROM analytics.skips GROUP BY 1"
    ).fetchall()
    shown = {week: (orders, shipments) for week, orders, shipments in counted if table[0][0] <= week <= table[-1][0]}
    assert len(table) == 26
    assert {week: (int(a), int(b)) for week, a, b in table if (a, b) != ("0", "0")} == shown
    assert shown


def test_reasons(connection: DuckDBPyConnection, page: Page) -> None:
    """A wording that few have is not there, its code is."""
    (table,) = bodies(page, "reasons")
    rows = ask(
        connection,
        "SELECT reason_code, any_value(reason) AS reason, list(churn_type) AS types FROM analytics.cancellations, today"
        " WHERE cancelled_on > as_of - 365 GROUP BY ALL ORDER BY count(*) DESC, reason_code",
    )
    expected = []
    for row in rows:
        name = "No reason given" if row["reason_code"] is None else row["reason"] or f"Reason {row['reason_code']}"
        kinds = [row["types"].count(kind) for kind in ("active", "passive", "prepaid_ended", "product_ended")]
        expected.append([name, *map(str, kinds), str(len(row["types"]))])
    assert table == expected


def test_figures_on_top(connection: DuckDBPyConnection, page: Page) -> None:
    """Asked of subscriptions themselves."""
    words = " ".join(" ".join(page.words).split())
    (live,) = connection.execute("SELECT count(*) FROM ordergroove.subscriptions WHERE live").fetchone() or (0,)
    assert f"Active subscriptions {live:,}" in words
    (customers,) = connection.execute(
        "SELECT count(DISTINCT customer) FROM ordergroove.subscriptions WHERE live"
        " AND customer IN (SELECT merchant_user_id FROM ordergroove.customers)"
    ).fetchone() or (0,)
    assert f"Customers who subscribe {customers:,}" in words
    at_risk = "('disengaged', 'payment_failing', 'without_next_order')"
    for currency, mrr, of_these_at_risk in connection.execute(
        f"SELECT movements.currency_code, sum(amount), coalesce(sum(amount) FILTER (lifecycle IN {at_risk}), 0.0000)"
        " FROM analytics.mrr_movements AS movements"
        " JOIN analytics.subscription_overview USING (subscription) GROUP BY 1"
    ).fetchall():
        told = re.search(rf"Monthly recurring revenue, {currency} ([\d,.]+) \S+ this month, ([\d,.]+) at risk", words)
        assert told
        assert told.groups() == (cents(mrr), cents(of_these_at_risk))

"""The pictures of marts: the waterfall of recurring revenue, and the units to come; what the report shows too."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from og_assets.assets.pictures import Picture, Rows
from og_assets.warehouse.sql import read_sql

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
"""In the order of the columns of report/mrr.sql; the last two take away."""
GAINS = 3
AHEAD = timedelta(weeks=20)
COLOURS = {
    "new": "#2f6fab",
    "reactivation": "#9ec5e8",
    "expansion": "#7a9a52",
    "contraction": "#e9b949",
    "churn": "#c8553d",
    "in_retry": "#c8553d",
    "in_placement": "#e9b949",
    "scheduled": "#2f6fab",
    "projected": "#9ec5e8",
}


def _read_waterfall(connection: DuckDBPyConnection, _: date) -> Rows:
    """Of the currency with the most orders: amounts of others are not added."""
    first = connection.execute(read_sql("report/currencies.sql")).fetchone()
    rows = connection.execute(read_sql("report/mrr.sql")).fetchall()
    return [row for row in rows if first and row[0] == first[0]]


def _draw_waterfall(figure: "Figure", rows: Rows) -> None:
    closing, movements = figure.subplots(2, 1, sharex=True)
    places = range(len(rows))
    closing.bar(places, [float(row[-1]) for row in rows], color=COLOURS["new"])
    closing.set_title(f"Monthly recurring revenue, {rows[0][0]}", loc="left", fontsize=10)
    up, down = [0.0] * len(rows), [0.0] * len(rows)
    for column, name in enumerate(MOVEMENTS, start=4):
        gains = column < 4 + GAINS
        amounts = [float(row[column]) * (1 if gains else -1) for row in rows]
        floor = up if gains else down
        movements.bar(places, amounts, bottom=floor, color=COLOURS[name], label=name)
        floor[:] = [below + amount for below, amount in zip(floor, amounts, strict=True)]
    movements.set_title("What came and went", loc="left", fontsize=10)
    movements.axhline(0, color="#999999", linewidth=0.8)
    movements.set_xticks(places, [f"{row[1]:%b %y}" for row in rows])
    movements.legend(frameon=False, fontsize=8, ncols=5, loc="upper right", bbox_to_anchor=(1, 1.2))
    for axes in (closing, movements):
        axes.tick_params(labelsize=8)


def _read_forecast(connection: DuckDBPyConnection, _: date) -> Rows:
    rows = connection.execute(read_sql("report/forecast.sql")).fetchall()
    return [row for row in rows if row[0] < rows[0][0] + AHEAD]


def _draw_forecast(figure: "Figure", rows: Rows) -> None:
    axes = figure.subplots()
    floor, expected = defaultdict[date, float](float), defaultdict[date, float](float)
    for source in ("in_retry", "in_placement", "scheduled", "projected"):
        found = [(week, units) for week, of, units, _ in rows if of == source]
        weeks = [week for week, _ in found]
        axes.bar(
            weeks,
            [units for _, units in found],
            bottom=[floor[week] for week in weeks],
            width=5.6,
            color=COLOURS[source],
            label=source.replace("_", " "),
        )
        for week, units in found:
            floor[week] += units
    for week, _, _, units in rows:
        expected[week] += units
    axes.plot(list(expected), list(expected.values()), color="#333", ds="steps-mid", label="expected")  # type: ignore[arg-type]
    axes.set_title("Units to send by week", loc="left", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.legend(frameon=False, fontsize=8, ncols=5, loc="upper right", bbox_to_anchor=(1, 1.1))


WATERFALL = Picture(_read_waterfall, _draw_waterfall, "Monthly recurring revenue and what came and went")
UNITS_BY_WEEK = Picture(_read_forecast, _draw_forecast, "Units to send by week as planned and as expected")

PICTURES: Mapping[str, Picture] = {"mrr_monthly": WATERFALL, "order_forecast": UNITS_BY_WEEK}
"""By the mart that has it."""

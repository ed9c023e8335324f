"""The pictures among an asset's metadata: read from the warehouse in one short query, drawn when it is closed again.

matplotlib is imported when a picture is drawn: it costs half a second, and only two steps draw.
"""

import base64
import io
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
from duckdb import DuckDBPyConnection

from og_assets.warehouse.sql import read_sql

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

log = logging.getLogger("og_assets")

DAYS_BACK = timedelta(days=60)
DAYS_AHEAD = timedelta(days=30)
"""Orders wait weeks for their place date, so that those to come are worth seeing."""
COLOURS = {
    "placed": "#2f6fab",
    "to come": "#9ec5e8",
    "not placed": "#d9d9d9",
    "webhook": "#2f6fab",
    "sweep": "#e08a3c",
    "order_items": "#7a9a52",
    "event": "#2f6fab",
    "event+history": "#5b8f7b",
    "history": "#e08a3c",
    "tombstone": "#8a8a8a",
}

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture needs from the open warehouse, given today's date, and how it is drawn from these rows."""

    read: Callable[[DuckDBPyConnection, date], Rows]
    draw: Callable[["Figure", Rows], None]
    alternative: str
    """What the picture shows, for those who cannot see it."""


def as_metadata(picture: Picture, rows: Rows) -> Mapping[str, dg.MetadataValue]:
    """The picture as Markdown with the image in it; nothing when there is nothing to draw, or it cannot be drawn."""
    if not rows:
        return {}
    try:
        image = base64.b64encode(_png(picture, rows)).decode()
    except Exception as error:  # noqa: BLE001 - the table is derived; a missing picture is no reason to derive it again
        log.warning("The picture (%s) could not be drawn: %s", picture.alternative, type(error).__name__)
        return {}
    return {"picture": dg.MetadataValue.md(f"![{picture.alternative}](data:image/png;base64,{image})")}


def _png(picture: Picture, rows: Rows) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 4.2), dpi=100, layout="constrained")
    picture.draw(figure, rows)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#eeeeee")
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return target.getvalue()


def _read_orders(connection: DuckDBPyConnection, today: date) -> Rows:
    window = {"from": today - DAYS_BACK, "until": today + DAYS_AHEAD}
    return connection.execute(read_sql("orders_by_day.sql"), window).fetchall()


def _draw_orders(figure: "Figure", rows: Rows) -> None:
    above, below = figure.subplots(2, 1, sharex=True)
    orders, revenue = defaultdict[str, dict[date, float]](dict), defaultdict[str, dict[date, float]](dict)
    for day, outcome, count, amount, _ in rows:
        orders[outcome][day] = count
        revenue[outcome][day] = float(amount)
    _stack(above, orders, ("placed", "to come", "not placed"))
    above.set_title("Orders by place date", loc="left", fontsize=10)
    above.legend(frameon=False, fontsize=8, ncols=3, loc="upper right", bbox_to_anchor=(1, 1.2))
    _stack(below, revenue, ("placed", "to come"))
    below.set_title(f"Their totals, {rows[0][-1] or 'currency not known'}", loc="left", fontsize=10)


def _read_deletions(connection: DuckDBPyConnection, today: date) -> Rows:
    return connection.execute(read_sql("deletions_by_day.sql"), {"from": today - DAYS_BACK}).fetchall()


def _draw_deletions(figure: "Figure", rows: Rows) -> None:
    both = figure.subplots(2, 1, sharex=True)
    for axes, object in zip(both, ("orders", "items"), strict=True):
        counts = defaultdict[str, dict[date, float]](dict)
        for day, deleted, source, count in rows:
            if deleted == object:
                counts[source][day] = count
        _stack(axes, counts, ("webhook", "sweep", "order_items"))
        axes.set_title(f"Deleted {object} by day, and how it was found", loc="left", fontsize=10)
        axes.yaxis.get_major_locator().set_params(integer=True)
    both[0].legend(
        *both[1].get_legend_handles_labels(),
        frameon=False, fontsize=8, ncols=3, loc="upper right", bbox_to_anchor=(1, 1.2),
    )  # fmt: skip


def _changes_by_day(table: str, title: str) -> Picture:
    def read(connection: DuckDBPyConnection, today: date) -> Rows:
        sql = read_sql("changes_by_day.sql").format(table=table)
        return connection.execute(sql, {"from": today - DAYS_BACK}).fetchall()

    def draw(figure: "Figure", rows: Rows) -> None:
        axes = figure.subplots()
        counts = defaultdict[str, dict[date, float]](dict)
        for day, source, count in rows:
            counts[source][day] = count
        _stack(
            axes, counts, [source for source in ("event", "event+history", "history", "tombstone") if source in counts]
        )
        axes.set_title(f"{title} by day, and who says so", loc="left", fontsize=10)
        axes.legend(frameon=False, fontsize=8, ncols=4, loc="upper right", bbox_to_anchor=(1, 1.1))

    return Picture(read, draw, f"{title} by day and source")


def _stack(axes: "Axes", bars: Mapping[str, Mapping[date, float]], names: Sequence[str]) -> None:
    """Bars of each name on top of each other, one for each day."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    floor = defaultdict[date, float](float)
    for name in names:
        days = list(bars[name]) if name in bars else []
        heights = [bars[name][day] for day in days]
        at = [floor[day] for day in days]
        axes.bar(days, heights, bottom=at, width=0.9, color=COLOURS[name], label=name)  # type: ignore[arg-type]
        for day, height in zip(days, heights, strict=True):
            floor[day] += height
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=8)


ORDERS_BY_DAY = Picture(_read_orders, _draw_orders, "Orders and their totals by place date")
DELETIONS_BY_DAY = Picture(_read_deletions, _draw_deletions, "Deleted orders and items by day and source")
STATUS_CHANGES_BY_DAY = _changes_by_day("order_status_changes", "Steps of orders")
SUBSCRIPTION_CHANGES_BY_DAY = _changes_by_day("subscription_changes", "Changes of subscriptions")

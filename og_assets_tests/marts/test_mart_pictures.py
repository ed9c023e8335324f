"""The pictures of marts show what the marts say, and stay small."""

import base64
import re
from datetime import date

import pytest
from matplotlib.figure import Figure

from og_assets.assets.mart_pictures import PICTURES, UNITS_BY_WEEK, WATERFALL
from og_assets.assets.pictures import Picture, as_metadata
from og_assets.assets.warehouse_resource import WarehouseResource

LARGEST = 40_000
"""Bytes of a picture: each materialization keeps its own in Dagster's event log."""
WHENEVER = date(2025, 1, 1)
"""Marts say themselves of which day they are."""


def bars(picture: Picture, warehouse: WarehouseResource) -> list[float]:
    """The heights of all bars of each part of the picture, added up."""
    figure = Figure()
    with warehouse.get_connection(read_only=True) as connection:
        picture.draw(figure, picture.read(connection, WHENEVER))
    return [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes]  # type: ignore[attr-defined]


def one(warehouse: WarehouseResource, sql: str) -> tuple[float, ...]:
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(sql).fetchone() or ()


def test_waterfall_is_that_of_the_mart(warehouse: WarehouseResource) -> None:
    """Thirteen months: what came less what went is the difference of the closings."""
    closings, change = one(
        warehouse,
        "SELECT sum(closing_mrr), sum(closing_mrr - opening_mrr) FROM analytics.mrr_monthly, analytics.marts_as_of"
        " WHERE month > as_of_date - INTERVAL 13 MONTH",
    )
    assert closings > 0
    assert bars(WATERFALL, warehouse) == [pytest.approx(float(closings)), pytest.approx(float(change))]


def test_units_are_those_of_twenty_weeks(warehouse: WarehouseResource) -> None:
    """From the week of the as-of day on."""
    (units,) = one(
        warehouse,
        "SELECT sum(units) FROM analytics.order_forecast, analytics.marts_as_of"
        " WHERE week_of < date_trunc('week', as_of_date) + INTERVAL 140 DAY",
    )
    assert units > 0
    assert bars(UNITS_BY_WEEK, warehouse) == [units]


@pytest.mark.parametrize("mart", PICTURES)
def test_pictures_are_small_and_none_without_rows(mart: str, warehouse: WarehouseResource) -> None:
    """With words for those who cannot see them."""
    picture = PICTURES[mart]
    with warehouse.get_connection() as connection:
        (entry,) = as_metadata(picture, picture.read(connection, WHENEVER)).values()
        connection.execute(f"DELETE FROM analytics.{mart}")
        nothing = picture.read(connection, WHENEVER)
    found = re.fullmatch(r"!\[[\w ]+\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", str(entry.value))
    assert found
    assert len(base64.b64decode(found[1])) < LARGEST
    assert as_metadata(picture, nothing) == {}

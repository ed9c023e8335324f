"""The pictures among the metadata: they show what the tables say, stay small, and are no reason to fail."""

import base64
import re
from datetime import timedelta

import pytest
from matplotlib.figure import Figure

from og_assets.assets.pictures import DELETIONS_BY_DAY, ORDERS_BY_DAY, Picture, as_metadata
from og_assets.sync.windows import CHICAGO
from og_assets_tests.deletions.reconciling import Site, deletion_events

LARGEST = 40_000
"""Bytes of a picture: each materialization keeps its own in Dagster's event log."""


def bars(picture: Picture, site: Site) -> list[float]:
    """The heights of all bars of each part of the picture, added up."""
    figure = Figure()
    picture.draw(figure, read(picture, site))
    return [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes]  # type: ignore[attr-defined]


def read(picture: Picture, site: Site) -> list[tuple[object, ...]]:
    """The rows that the picture is drawn of, on the merchant's today."""
    with site.connection() as connection:
        return list(picture.read(connection, site.world.now.astimezone(CHICAGO).date()))


def image_of(picture: Picture, site: Site) -> bytes:
    """The image in the metadata."""
    (entry,) = as_metadata(picture, read(picture, site)).values()
    found = re.fullmatch(r"!\[[\w ]+\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", str(entry.value))
    assert found
    return base64.b64decode(found[1])


def test_orders_and_their_totals_are_those_of_the_table(site: Site) -> None:
    """All orders of the days shown; amounts only of those that are or may be placed."""
    today = site.world.now.astimezone(CHICAGO).date()
    shown = f"place_date BETWEEN '{today - timedelta(days=60)}' AND '{today + timedelta(days=30)}'"
    (orders,) = site.rows(f"SELECT count(*) FROM analytics.order_totals_current WHERE {shown}")[0]
    (revenue,) = site.rows(
        "SELECT sum(total) FROM analytics.order_totals_current"
        f" WHERE {shown} AND status IN (5, 1, 6, 9, 10, 11, 12, 13, 15, 18, 19, 20)"
    )[0]
    assert orders > 10
    assert bars(ORDERS_BY_DAY, site) == [orders, pytest.approx(float(revenue))]


def test_amounts_in_another_currency_are_not_added(site: Site) -> None:
    """The order is counted all the same; the title names the currency that is shown."""
    orders, revenue = bars(ORDERS_BY_DAY, site)
    order, total = site.rows(
        'SELECT "order", total FROM analytics.order_totals_current WHERE status = 5 ORDER BY place_date DESC LIMIT 1'
    )[0]
    site.execute("UPDATE analytics.order_totals SET currency_code = 'CAD' WHERE \"order\" = ?", order)
    assert bars(ORDERS_BY_DAY, site) == [orders, pytest.approx(revenue - float(total))]
    figure = Figure()
    ORDERS_BY_DAY.draw(figure, read(ORDERS_BY_DAY, site))
    assert figure.axes[1].get_title(loc="left") == "Their totals, USD"


def test_deletions_are_those_of_the_tombstones(site: Site) -> None:
    """By webhook and by sweep, orders above items; a lifted tombstone is none."""
    assert as_metadata(DELETIONS_BY_DAY, read(DELETIONS_BY_DAY, site)) == {}
    for subscription in site.world.keys("subscriptions", "live")[:2]:
        site.world.cancel_subscription(subscription)
    site.receive(deletion_events(site.world))
    for subscription in site.world.keys("subscriptions", "live")[:2]:
        site.world.cancel_subscription(subscription)
    site.sweep()
    site.derive()
    held = [len(site.held_deleted(name)) for name in ("orders", "items")]
    assert min(held) > 0
    assert {row[2] for row in read(DELETIONS_BY_DAY, site)} >= {"webhook", "sweep"}
    assert bars(DELETIONS_BY_DAY, site) == held
    site.execute("UPDATE analytics.deletion_tombstones SET lifted_at = now() WHERE object = 'orders'")
    assert bars(DELETIONS_BY_DAY, site) == [0, held[1]]
    assert len(image_of(DELETIONS_BY_DAY, site)) < LARGEST


def test_the_image_is_a_small_png(site: Site) -> None:
    """In the one form in which Dagster's UI shows an image."""
    image = image_of(ORDERS_BY_DAY, site)
    assert image.startswith(b"\x89PNG")
    assert len(image) < LARGEST


def test_a_picture_that_cannot_be_drawn_is_left_out(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The table is derived by then; the log says what is missing, without the values."""
    broken = Picture(ORDERS_BY_DAY.read, lambda *_: 1 / 0, "Nothing")  # type: ignore[arg-type,return-value]
    assert as_metadata(broken, read(broken, site)) == {}
    assert "The picture (Nothing) could not be drawn: ZeroDivisionError" in caplog.text

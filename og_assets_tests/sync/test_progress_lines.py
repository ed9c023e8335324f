"""What a pull says while it is under way, and the count on which its estimate rests."""

import logging
from itertools import count

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync import progress_lines
from og_assets.sync.progress_lines import ProgressLines
from og_assets.sync.windows import PullMode
from og_assets.warehouse.progress import Progress
from og_assets.warehouse.sync_log import read_last_whole_count
from og_assets_tests.pulling import pull_one

BY_NAME = {object.name: object for object in OBJECTS}
PAGE = [b'{"public_id":"a","updated":"2026-07-01T14:00:05.5","x":1}', b'{"public_id":"b","updated":null}']


def test_a_whole_pull_says_the_rest_when_the_last_one_is_known() -> None:
    """At 100 records a second the 2,000 that are missing take 20 seconds."""
    lines = ProgressLines(BY_NAME["orders"], expected=3000)
    said = lines.line(Progress(pages=10, records=1000), PAGE, seconds=10)
    assert said == (
        "10 pages, 1,000 records, 100 a second, newest on this page 2026-07-01 14:00, "
        "about 0:00:20 left if there are 3,000 as the last time"
    )


@pytest.mark.parametrize("expected", [None, 1000, 900])
def test_no_rest_is_said_that_nobody_can_know(expected: int | None) -> None:
    """Not without an earlier pull, and not when there is more than the last time."""
    lines = ProgressLines(BY_NAME["product_groups"], expected)
    assert lines.line(Progress(pages=10, records=1000), PAGE, seconds=10) == ("10 pages, 1,000 records, 100 a second")


def test_a_resumed_pull_counts_its_speed_from_where_it_went_on() -> None:
    """What an earlier try had read took time that this one has not spent."""
    lines = ProgressLines(BY_NAME["orders"], expected=None, already=900)
    assert "10 a second" in lines.line(Progress(pages=10, records=1000), [], seconds=10)


def test_a_pull_says_a_line_every_ten_seconds_and_knows_the_last_whole_one(
    warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A first pull and a window tell no rest; a second whole one does, from the records of the first."""
    clock = count(0, 6)
    monkeypatch.setattr(progress_lines.time, "monotonic", lambda: float(next(clock)))
    caplog.set_level(logging.INFO, logger="og_assets")
    orders = BY_NAME["orders"]
    with Emulator(World(customers=20)) as emulator:
        first = pull_one(emulator, warehouse, orders, page_size=20)
        assert first.progress.pages > 4
        assert " a second, newest on this page 20" in caplog.text
        assert "left" not in caplog.text
        pull_one(emulator, warehouse, orders, page_size=20)
        assert "left" not in caplog.text
        pull_one(emulator, warehouse, orders, page_size=20, mode=PullMode.WHOLE_HISTORY)
        assert f"left if there are {first.progress.records:,} as the last time" in caplog.text
    with warehouse.get_connection(read_only=True) as connection:
        assert read_last_whole_count(connection, "orders", {}) == first.progress.records
        assert read_last_whole_count(connection, "orders", {"status": "1"}) is None
        assert read_last_whole_count(connection, "items", {}) is None

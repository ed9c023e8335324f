"""A full refresh in month segments: the same rows, narrow windows, one watermark at the end."""

from datetime import timedelta
from itertools import pairwise

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects
from og_assets.emulator.faults import Fault
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.pull import PullReport
from og_assets.sync.pull_by_month import pull_by_month
from og_assets.sync.source import Source
from og_assets.sync.windows import CHICAGO
from og_assets_tests.pulling import assert_equals_world, client_for

ORDERS = [object for object in OBJECTS if object.name == "orders"]


def refresh(emulator: Emulator, warehouse: WarehouseResource, run_id: str = "r") -> PullReport:
    """Orders month by month over the last half year of the world."""
    today = emulator.world.now.astimezone(CHICAGO).date()
    with client_for(emulator) as client:
        return pull_by_month(
            ORDERS[0],
            Source(client, SourceClock(), KEEPING),
            warehouse,
            since=today - timedelta(days=180),
            today=today,
            run_id=run_id,
        )


def test_segments_together_are_the_whole_history(warehouse: WarehouseResource) -> None:
    """Each segment is a pull of its own; their edges overlap, and the watermark is the start of the first."""
    with Emulator(World(customers=30)) as emulator:
        report = refresh(emulator, warehouse)
        assert_equals_world(emulator, warehouse, ORDERS)
    with warehouse.get_connection(read_only=True) as connection:
        windows = connection.execute(
            "SELECT window_start, window_end, watermark_after FROM ops.sync_runs ORDER BY sync_id"
        ).fetchall()
        assert connection.execute("SELECT sum(records) FROM ops.sync_runs").fetchone() == (report.progress.records,)
    assert len(windows) == 7
    assert windows[0][0] is None
    assert windows[-1][1] is None
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert [window[2] is None for window in windows] == [True] * 6 + [False]
    assert report.watermark_after is not None
    assert abs(report.watermark_after - emulator.world.now) < timedelta(seconds=5)


def test_retry_of_the_same_run_goes_on_after_the_segments_that_are_done(warehouse: WarehouseResource) -> None:
    """A segment that failed for good is read again; those before it are not, and the watermark was left alone."""
    with Emulator(World(customers=30)) as emulator:
        emulator.faults.add(Fault(effects.Status(500), path="orders", nth=4))
        for number in range(5, 12):
            emulator.faults.add(Fault(effects.Status(500), path="orders", nth=number))
        with pytest.raises(OrdergrooveError):
            refresh(emulator, warehouse)
        with warehouse.get_connection(read_only=True) as connection:
            assert connection.execute("FROM ops.sync_state").fetchall() == []
            done = connection.execute("SELECT count(*) FROM ops.sync_runs WHERE outcome = 'succeeded'").fetchone()
        emulator.faults.clear()
        emulator.requests.clear()
        refresh(emulator, warehouse)
        assert_equals_world(emulator, warehouse, ORDERS)
        firsts = [served.request for served in emulator.requests if "cursor" not in served.request.query]
        assert done is not None
        assert len(firsts) == 7 - done[0]

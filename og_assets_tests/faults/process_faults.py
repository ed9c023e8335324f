"""Several processes at once on one merchant and one warehouse."""

from typing import Any

from og_assets.sync.windows import CHICAGO, PullMode
from og_assets_tests.faults.killing import errand, finish, start
from og_assets_tests.faults.rig import Rig

FIVE = ("orders", "items", "customers", "subscriptions", "addresses")


def two_syncs(rig: Rig) -> None:
    """Two pulls of one object, one a little later; each ends well, and so does what they make together."""
    processes = []
    for number in range(2):
        processes.append(start(errand(rig, run_id=f"sync {number}", pages_per_segment=1)))
        processes[0].join(rig.dice.uniform(0, 0.3))
    assert [finish(process) for process in processes] == [0, 0]
    assert_watermark_is_after_the_change(rig)


def backfill_beside_a_sync(rig: Rig) -> None:
    """Past days and what changed, read at the same time."""
    today = rig.world.now.astimezone(CHICAGO).date()
    days = (
        (today.replace(day=1).isoformat(), today.isoformat())
        if rig.dice.random() < 0.5
        else ("2025-01-01", "2025-05-01")
    )
    backfill = start(errand(rig, run_id="backfill", mode=PullMode.DAYS, days=days, pages_per_segment=1))
    backfill.join(rig.dice.uniform(0, 0.3))
    assert [finish(process) for process in (start(errand(rig, run_id="sync", pages_per_segment=1)), backfill)] == [0, 0]
    assert_watermark_is_after_the_change(rig)


def five_at_once(rig: Rig) -> None:
    """Five objects in five processes, a batch to a page."""
    jobs = [errand(rig, object_name=name, run_id="five", pages_per_segment=1) for name in FIVE]
    assert [finish(process) for process in [start(job) for job in jobs]] == [0] * len(FIVE)
    assert_watermark_is_after_the_change(rig)


def assert_watermark_is_after_the_change(rig: Rig) -> None:
    """The syncs were complete: each watermark vouches for the world as it is."""
    assert all((rig.watermark(object) or rig.changed_at) > rig.changed_at for object in rig.objects)


FAULTS: dict[str, tuple[Any, ...]] = {
    "two syncs at once": (two_syncs, 1, 4),
    "a backfill beside a sync": (backfill_beside_a_sync, 1, 4),
    "five processes load": (five_at_once, 1, 3, FIVE),
}

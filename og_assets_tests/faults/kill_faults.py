"""A process that is killed in a pull: at each point that matters, and at points by dice."""

import signal
from collections.abc import Callable

from og_assets_tests.faults.dying import Point
from og_assets_tests.faults.killing import errand, finish, kill_at, kill_at_an_instant, kill_at_any, start
from og_assets_tests.faults.rig import Rig

Inject = Callable[[Rig], None]


def at(point: Point) -> Inject:
    """A pull that is killed at a point; another of its run may have been in the middle of it."""
    return lambda rig: kill_at(rig, point)


NAMED: dict[str, tuple[Inject, bool | None]] = {
    "a page is fetched": (
        at(Point("function", "og_assets.ordergroove.client:OrdergrooveClient._page", "after", 4)),
        None,
    ),
    "a page is validated": (at(Point("function", "og_assets.sync.pull:stage_records", "after", 4)), None),
    "a batch is staged": (at(Point("function", "og_assets.warehouse.staging:Staging.close_segment", "after", 2)), None),
    "its old rows are deleted": (at(Point("statement", "DELETE FROM .*orders", "after", 2)), True),
    "its rows are about to be inserted": (
        at(Point("statement", "INSERT INTO \\W*ordergroove\\W*orders", "before", 2)),
        None,
    ),
    "its rows are inserted": (at(Point("statement", "INSERT INTO \\W*ordergroove\\W*orders", "after", 2)), None),
    "a batch is about to be committed": (
        at(Point("statement", "COMMIT .*INSERT INTO \\W*ordergroove", "before", 2)),
        None,
    ),
    "a batch is committed": (at(Point("statement", "COMMIT .*INSERT INTO \\W*ordergroove", "after", 2)), None),
    "the watermark is written": (at(Point("statement", "(INSERT INTO|.*UPDATE) ops.sync_state", "after", 1)), None),
    "the watermark is about to be committed": (at(Point("statement", "COMMIT .*ops.sync_state", "before", 1)), None),
    "the watermark is committed": (at(Point("statement", "COMMIT .*ops.sync_state", "after", 1)), None),
    "the pull is about to report": (at(Point("function", "og_assets.sync.pull:PullReport", "before", 1)), None),
}
"""Point, and whether there must have been a sync before."""


def at_a_line(rig: Rig) -> None:
    """Before any line of the product, in either thread."""
    kill_at_any(rig, "line", "before")


def at_a_statement(rig: Rig) -> None:
    """Before or after anything that DuckDB is told."""
    kill_at_any(rig, "statement", rig.dice.choice(["before", "after"]))


def at_an_instant(rig: Rig) -> None:
    """Anywhere, also within DuckDB."""
    kill_at_an_instant(rig)


def twice(rig: Rig) -> None:
    """Dagster tries the step again in the same run, and that dies too."""
    for nth in (2, rig.dice.randint(1, 3)):
        point = Point("statement", "COMMIT .*INSERT INTO \\W*ordergroove", rig.dice.choice(["before", "after"]), nth)
        assert finish(start(errand(rig, run_id="the same"), point)) == -signal.SIGKILL

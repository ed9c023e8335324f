"""The file drops of the emulator: what they hold, and that each of their forms is read."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from og_assets.emulator.drops import REPORTS, DropStyle, DropWriter
from og_assets.emulator.shop.clock import PLACEMENT_ZONE
from og_assets.emulator.world import World
from og_assets.ordergroove.drops.names import DAY_FIRST, MONTH_FIRST, YEAR_FIRST, read_name
from og_assets.ordergroove.drops.reading import DropReader, RefusedRow, Row
from og_assets.ordergroove.drops.unpacking import unpacked
from og_assets.ordergroove.masking import KEEPING


@pytest.fixture(scope="module")
def world() -> World:
    """A merchant after a day on which much happened."""
    world = World(seed=3, customers=150, now=datetime(2025, 6, 3, 5, 5, tzinfo=UTC))
    world.simulate_day()
    world.advance(timedelta(minutes=40))
    return world


def rows_of(path: Path) -> list[Row]:
    """The rows of a file, all of which are rows."""
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    name = read_name(path.name, modified)
    assert name is not None
    assert name.business_day == date(2025, 6, 3)
    with unpacked(path, path.name) as stream:
        found = list(DropReader(name.report, KEEPING).read(stream))
    assert not [row for row in found if isinstance(row, RefusedRow)]
    return [row for row in found if isinstance(row, Row)]


STYLES = [
    DropStyle(),
    DropStyle(stamp=DAY_FIRST, item_ids=True, iso_dates=False, line_end="\n"),
    DropStyle(stamp=YEAR_FIRST, encoding="utf-8-sig", packed="gzip"),
    DropStyle(stamp=MONTH_FIRST, encoding="latin-1", packed="zip", delimiter=";"),
    DropStyle(leave_out=frozenset({"Email Address", "First Name", "customer_email"}), add={"Gift Note": "no, thanks"}),
]


@pytest.mark.parametrize("style", STYLES)
def test_every_form_of_a_file_is_read_in_full(style: DropStyle, world: World, tmp_path: Path) -> None:
    files = DropWriter(world, tmp_path, style=style).write(date(2025, 6, 3))
    assert len(files) == len(REPORTS)
    for path in files:
        assert {note for row in rows_of(path) for note in row.notes} <= {"read as Latin-1"}, path.name


def test_files_hold_what_the_world_knows_of_the_day(world: World, tmp_path: Path) -> None:
    files = DropWriter(world, tmp_path).write(date(2025, 6, 3))
    rows = {path.name.split("_0604")[0]: [json.loads(row.values) for row in rows_of(path)] for path in files}
    midnight = datetime(2025, 6, 3, tzinfo=PLACEMENT_ZONE).timestamp()
    span = (midnight, midnight + 86400)
    assert {row["public_subscription_id"] for row in rows["coffee_subscription"]} == set(
        world.keys("subscriptions", "updated >= ? AND updated < ?", *span)
    )
    assert {row["merchant_order_id"] for row in rows["coffee_orders"] if row["order_status"] == "Success"} == {
        world.row("orders", key)["order_merchant_id"]
        for key in world.keys("orders", "place_at >= ? AND place_at < ? AND status = 5", *span)
    }
    assert len(rows["coffee_crm_subscription"]) == len(rows["coffee_subscription"])
    assert {row["public_subscription_id"] for row in rows["coffee_cancelled_subscriptions"]} == set(
        world.keys("subscriptions", "cancelled >= ? AND cancelled < ?", *span)
    )
    assert {row["subscription_action_event"] for row in rows["coffee_crm_subscriber_events"]} >= {1, 2, 5}


def test_what_is_due_is_written_once(tmp_path: Path) -> None:
    """Yesterday's at first, then each day's half an hour after its end, by the world's clock."""
    world = World(customers=5, now=datetime(2025, 6, 3, 20, tzinfo=UTC))
    writer = DropWriter(world, tmp_path)
    assert {read_name(path.name, world.now).business_day for path in writer.write_due()} == {date(2025, 6, 2)}  # type: ignore[union-attr]
    assert writer.write_due() == []
    world.advance(timedelta(hours=9, minutes=20))
    assert writer.write_due() == []
    world.advance(timedelta(days=1))
    assert len(writer.write_due()) == len(REPORTS)
    assert len(list(tmp_path.iterdir())) == 2 * len(REPORTS)

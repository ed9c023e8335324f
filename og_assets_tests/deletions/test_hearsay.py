"""What webhooks say and rows do not know yet: items that moved, deletions that are false. And items without a stamp."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from og_assets.emulator.effects import Effect, Exchange
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Page
from og_assets.emulator.server import Emulator
from og_assets.emulator.shop.state import Event
from og_assets.emulator.world import World
from og_assets.sync.sweep import StampsAhead
from og_assets.warehouse.place import FilePlace
from og_assets.webhooks.inbox import Inbox
from og_assets_tests.deletions.reconciling import (
    OpenWarehouse,
    Site,
    assert_deletions_are_known,
    assert_totals_are_true,
    deletion,
    deletion_events,
)
from og_assets_tests.places import ON_FILES
from og_assets_tests.warehouse import older_releases

UNSENT = "status = 1"
IN_UNSENT = f'"order" IN (SELECT public_id FROM orders WHERE {UNSENT})'
ALONE = '(SELECT count(*) FROM items AS other WHERE other."order" = items."order") = 1'
SHARED = '(SELECT count(*) FROM items AS other WHERE other."order" = items."order") > 1'


def bridge_of(site: Site, item: str) -> tuple[object, ...]:
    """The order of an item, and whether it is deleted."""
    (row,) = site.rows('SELECT "order", is_deleted FROM analytics.items_orders_bridge WHERE item = ?', item)
    return row


def current(site: Site, item: str) -> bool:
    """Whether the item is in `items_current`."""
    return site.rows("SELECT count(*) FROM ordergroove.items_current WHERE public_id = ?", item) == [(1,)]


def move_out(site: Site) -> tuple[str, str, str, list[Event]]:
    """An item leaves an order, which is then deleted: item, both orders, and the webhooks."""
    item = site.world.keys("items", f"{ALONE} AND {IN_UNSENT}")[0]
    left = site.world.row("items", item)["order"]
    site.world.advance(timedelta(minutes=5))
    before = len(site.world.events)
    to = site.world.move_item(item)
    assert left in site.world.deleted("orders")
    return item, left, to, site.world.events[before:]


def test_a_moved_item_is_not_deleted_with_the_order_that_it_left(site: Site) -> None:
    """The webhooks tell both, in any order; no pull and no sweep has seen either."""
    item, left, to, events = move_out(site)
    site.receive(reversed(events))
    site.derive()
    assert site.held_deleted("orders") == {left}
    assert bridge_of(site, item) == (to, False)
    assert current(site, item)
    incremental = site.derived()
    site.derive(rebuild=True)
    assert site.derived() == incremental


@ON_FILES  # releases that old knew no lake
def test_a_warehouse_of_an_older_release_takes_the_moves_that_it_knows(site: Site) -> None:
    """Its bridge was derived without them."""
    item, left, to, events = move_out(site)
    site.receive(events)
    site.derive()
    for view in ("items_current", "moved_items", "item_moves"):
        site.execute(f"DROP VIEW ordergroove.{view}")
    site.execute('UPDATE analytics.items_orders_bridge SET "order" = ?, is_deleted = true WHERE item = ?', left, item)
    site.execute(older_releases.sql_of(5))
    site.derive()
    assert bridge_of(site, item) == (to, False)
    assert current(site, item)


def test_the_sweep_fetches_an_item_whose_order_was_deleted_and_that_is_listed_as_open(site: Site) -> None:
    """The webhook of the move was lost, so the item went with its order until then."""
    item, left, to, events = move_out(site)
    site.receive(event for event in events if event.type == "order.delete")
    site.derive()
    assert bridge_of(site, item) == (left, True)
    site.sweep()
    site.derive()
    assert bridge_of(site, item) == (to, False)
    assert_deletions_are_known(site)


def test_a_move_of_before_the_fetch_that_comes_late_says_nothing_new(site: Site) -> None:
    """The row was fetched in the order that the item went to after that."""
    item, _, _, events = move_out(site)
    site.world.advance(timedelta(minutes=5))
    at_last = site.world.move_item(item)
    site.pull()
    site.receive(event for event in events if event.type == "item.change_order")
    site.derive()
    assert bridge_of(site, item) == (at_last, False)


def test_a_false_move_is_undone_by_the_next_sweep(site: Site) -> None:
    """The item is fetched as it was, which proves where it is."""
    item = site.world.keys("items", '"order" IN (SELECT public_id FROM orders WHERE status = 5)')[0]
    order = site.world.row("items", item)["order"]
    other = site.world.keys("orders", f"{UNSENT} AND public_id <> ?", order)[0]
    body = {"type": "item", "public_id": item, "order": other}
    site.receive([Event("false", "item.change_order", site.world.now, body)])
    site.derive()
    assert bridge_of(site, item) == (other, False)
    for _ in range(2):
        site.sweep()
        site.derive()
        assert bridge_of(site, item) == (order, False)
    assert_totals_are_true(site)
    assert [served.request.key for served in site.emulator.requests].count(item) == 1


@pytest.mark.parametrize("name", ["orders", "items"])
def test_a_false_deletion_of_what_was_placed_is_lifted_by_the_next_sweep(site: Site, name: str) -> None:
    """The pull after it saw the row as it was, before the event was in the warehouse: nothing else would look there."""
    placed = {"orders": "status = 5", "items": '"order" IN (SELECT public_id FROM orders WHERE status = 5)'}
    id = site.world.keys(name, placed[name])[0]
    before = site.derived()
    received = datetime.now(UTC)
    site.pull(whole=True)
    type = {"orders": "order.delete", "items": "item.remove"}[name]
    site.receive([deletion(site.world, type, id)], received)
    site.derive()
    assert site.held_deleted(name) == {id}
    assert site.sweep()[name].lifted == 1
    site.derive()
    assert {**site.derived(), "deletion_tombstones": []} == before
    assert_totals_are_true(site)


def test_a_deletion_that_a_webhook_told_is_confirmed_once(site: Site) -> None:
    """The look-up answers 404; later sweeps do not ask again, and the tombstone keeps the webhook's time."""
    site.world.cancel_subscription(site.world.keys("subscriptions", "live")[0])
    events = deletion_events(site.world)
    site.receive(events)
    site.sweep()
    found = {id for (id,) in site.rows("SELECT id FROM ops.sweep_findings")}
    assert found == {event.object["public_id"] for event in events}
    site.derive()
    assert site.rows("SELECT DISTINCT source FROM analytics.deletion_tombstones") == [("webhook",)]
    asked = len([served for served in site.emulator.requests if served.request.key])
    site.sweep()
    assert len([served for served in site.emulator.requests if served.request.key]) == asked
    assert_deletions_are_known(site)


class WithoutStamp(Effect):
    """Items are listed without `order_updated`, as in examples of the API reference."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        bodies = [json.loads(record) for record in page.records]
        page.records = [json.dumps({name: body[name] for name in body if name != "order_updated"}) for body in bodies]


def without_stamps(site: Site) -> None:
    """From now on, and in the warehouse already."""
    site.emulator.faults.add(Fault(WithoutStamp(), path="items", retrieve=False))
    site.pull("items", whole=True)
    site.sweep()
    site.world.advance(timedelta(hours=1))


def test_an_item_without_a_stamp_that_left_an_order_which_was_placed_since_is_found(site: Site) -> None:
    """The others in it were fetched since the order changed."""
    without_stamps(site)
    item = site.world.keys("items", f"{SHARED} AND {IN_UNSENT}")[0]
    order = site.world.row("items", item)["order"]
    site.world.remove_item(item)
    site.world.place_order(order)
    site.world.advance(timedelta(minutes=1))
    site.reconcile()
    assert site.tombstone(item)["source"] == "order_items"
    assert_deletions_are_known(site)
    assert_totals_are_true(site)
    site.pull()
    assert site.sweep()["items"].candidates == 0


def test_items_without_a_stamp_of_a_closed_order_that_lost_them_all_are_found(site: Site) -> None:
    """Nothing of it was fetched since it changed."""
    without_stamps(site)
    order = site.world.row("items", site.world.keys("items", IN_UNSENT)[0])["order"]
    items = site.world.keys("items", '"order" = ?', order)
    site.world.place_order(order, status=3)
    for item in items:
        site.world.remove("items", item)
    site.world.touch("orders", order)
    site.reconcile()
    assert {site.tombstone(item)["source"] for item in items} == {"order_items"}
    assert_deletions_are_known(site)


def test_stamps_of_another_zone_are_told_by_the_name_of_their_setting(tmp_path: Path) -> None:
    """Read hours ahead, every change is later than the fetch of its items; no share of deletions would be right."""
    warehouse = OpenWarehouse(FilePlace(tmp_path / "warehouse.duckdb"))
    with Emulator(World(1, customers=130), stamp_zone=ZoneInfo("UTC")) as emulator:
        site = Site(emulator, warehouse, Inbox(tmp_path / "inbox.sqlite"))  # type: ignore[arg-type]
        for order in site.world.keys("orders", "status = 5")[:80]:
            site.world.touch("orders", order)
        site.pull()
        with pytest.raises(StampsAhead, match=r"ORDERGROOVE_SOURCE_TZ.*`full_refresh`") as refused:
            site.sweep("items")
        assert "max_share" not in str(refused.value)
        assert "America/New_York" in str(refused.value)
        site.inbox.close()
    warehouse.close()

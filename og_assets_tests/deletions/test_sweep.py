"""Without any webhook, a sync finds every deletion, and takes nothing for deleted that is not."""

import json
from pathlib import Path

import pytest

from og_assets.emulator.api import KeyPermission
from og_assets.emulator.effects import Call, DropHalf, Effect, Exchange, Html, Reset, Splice, Status
from og_assets.emulator.faults import Fault
from og_assets.emulator.messages import Page
from og_assets.ordergroove.errors import MissingPermission, OrdergrooveError, StillFailing, WrongKey
from og_assets.sync.sweep import OneCustomerSeen, SweepRefused, TooManyMissing
from og_assets_tests.deletions.reconciling import (
    Site,
    assert_deletions_are_known,
    assert_totals_are_true,
    failed_syncs,
    open_site,
)

UNSENT = "status = 1"


def an_item(site: Site, where: str = "1") -> str:
    """The first item of an unsent order that meets a condition."""
    return site.world.keys("items", f'{where} AND "order" IN (SELECT public_id FROM orders WHERE {UNSENT})')[0]


def shared_item(site: Site) -> str:
    """An item whose unsent order holds others too."""
    return an_item(site, '(SELECT count(*) FROM items AS other WHERE other."order" = items."order") > 1')


def assert_nothing_concluded(site: Site) -> None:
    """No finding, no tombstone, and after a good sweep all is as it should be."""
    assert site.table("ops.sweep_findings") == []
    site.derive()
    assert site.table("analytics.deletion_tombstones") == []
    site.emulator.faults.clear()
    site.reconcile()
    assert_deletions_are_known(site)


def test_skips_cancellations_and_removals_are_found_by_one_sync(site: Site) -> None:
    """Webhooks are off; what the customers deleted has tombstones, and the totals are those of the world."""
    world = site.world
    world.skip_order(world.keys("orders", UNSENT)[0])
    for subscription in world.keys("subscriptions", "live")[:6:2]:
        world.cancel_subscription(subscription)
    world.skip_subscription(world.keys("subscriptions", "live")[3])
    world.remove_item(shared_item(site))
    world.remove_item(an_item(site))
    for _ in range(3):
        world.simulate_day()
    site.reconcile()
    assert world.deleted("orders")
    assert len(world.deleted("items")) > 5
    assert_deletions_are_known(site)
    assert_totals_are_true(site)
    assert not site.rows("FROM analytics.deletion_tombstones WHERE source = 'webhook' OR lifted_at IS NOT NULL")


def test_a_moved_item_is_not_deleted_though_the_order_it_left_is(site: Site) -> None:
    """`item.change_order` keeps the id: one row, in the new order."""
    item = an_item(site, '(SELECT count(*) FROM items AS other WHERE other."order" = items."order") = 1')
    left = site.world.row("items", item)["order"]
    order = site.world.move_item(item)
    site.reconcile()
    assert_deletions_are_known(site)
    assert site.held_deleted("orders") == {left}
    assert site.rows('SELECT "order", is_deleted FROM analytics.items_orders_bridge WHERE item = ?', item) == [
        (order, False)
    ]


def test_a_moved_item_that_no_pull_has_fetched_yet_is_looked_up_and_updated(site: Site) -> None:
    """Between a pull and its sweep the item moves on, into an order that is placed at once."""
    item = an_item(site)
    order = site.world.move_item(item)
    site.world.place_order(order)
    reports = site.sweep()
    assert reports["items"].came_back >= 1
    site.derive()
    assert item not in site.held_deleted("items")
    assert site.rows('SELECT "order" FROM ordergroove.items WHERE public_id = ?', item) == [(order,)]


def test_a_regenerated_item_has_a_tombstone_under_its_old_id(site: Site) -> None:
    """Skipping a shipment removes its items and makes new ones on a later order."""
    subscription = site.world.row("items", an_item(site, "subscription IS NOT NULL"))["subscription"]
    before = set(site.world.keys("items", "subscription = ?", subscription))
    site.world.skip_subscription(subscription)
    after = set(site.world.keys("items", "subscription = ?", subscription))
    site.reconcile()
    assert site.held_deleted("items") == before - after
    assert after - before <= {item for (item,) in site.rows("SELECT item FROM analytics.items_orders_bridge_current")}


def test_an_order_placed_between_list_and_retrieve_is_updated(site: Site) -> None:
    """It is in no list of open orders any more, so it is looked up; 200 makes its row right."""
    order = site.world.keys("orders", UNSENT)[0]
    place = Call(lambda world, request: world.place_order(order), when="before")
    site.emulator.faults.add(Fault(place, path="orders", nth=1))
    reports = site.sweep()
    assert (reports["orders"].gone, reports["orders"].came_back) == (0, 1)
    assert site.rows("SELECT status FROM ordergroove.orders WHERE public_id = ?", order) == [(5,)]
    site.reconcile()
    assert_deletions_are_known(site)


def test_an_item_that_left_an_order_which_was_placed_since_is_found(site: Site) -> None:
    """The order is no longer open; that its other items were fetched with a newer stamp gives it away."""
    item = shared_item(site)
    order = site.world.row("items", item)["order"]
    site.world.remove_item(item)
    site.world.place_order(order)
    site.reconcile()
    assert site.tombstone(item)["source"] == "order_items"
    assert_deletions_are_known(site)
    assert_totals_are_true(site)


def test_an_item_whose_order_never_arrived_is_looked_up(site: Site) -> None:
    """It was fetched, then deleted with its order before any pull of orders."""
    subscription = site.world.subscribe()
    site.pull("items")
    site.world.cancel_subscription(subscription)
    site.reconcile()
    assert_deletions_are_known(site)
    assert len(site.held_deleted("items")) >= 1
    assert site.held_deleted("orders") == set()


def test_what_was_found_once_is_not_looked_up_again(site: Site) -> None:
    """A second sweep asks for the lists only, and the tables stay."""
    site.world.cancel_subscription(site.world.keys("subscriptions", "live")[0])
    site.reconcile()
    before = site.derived(), site.table("ops.sweep_findings")
    reports = site.sweep()
    assert [report.candidates for report in reports.values()] == [0, 0]
    site.derive()
    assert (site.derived(), site.table("ops.sweep_findings")) == before


def test_a_deletion_lies_between_the_last_sweep_and_the_finding(site: Site) -> None:
    """An order that was listed yesterday existed then, however long ago it was fetched."""
    site.sweep()
    ((swept_at,),) = site.rows("SELECT max(started_at) FROM ops.sync_runs WHERE mode = 'sweep' AND object = 'items'")
    item = an_item(site, "subscription IS NOT NULL")
    last = site.world.row("items", item)
    customer = site.world.row("orders", last["order"])["customer"]
    site.world.remove_item(item)
    site.reconcile()
    found = site.tombstone(item)
    assert found["deleted_after"] == swept_at < found["deleted_at"] == found["detected_at"]
    assert site.rows("SELECT _synced_at < ? FROM ordergroove.items WHERE public_id = ?", swept_at, item) == [(True,)]
    assert (found["order"], found["subscription"], found["customer"]) == (last["order"], last["subscription"], customer)
    assert json.loads(found["last_state"])["product"] == last["product"]


def test_items_of_a_closed_order_that_lost_them_all_are_found(site: Site) -> None:
    """Neither a list of what is open nor an item with the order's new stamp points at them."""
    item = an_item(site)
    order = site.world.row("items", item)["order"]
    items = site.world.keys("items", '"order" = ?', order)
    site.world.place_order(order, status=3)
    for lost in items:
        site.world.remove("items", lost)
    site.world.touch("orders", order)
    site.reconcile()
    assert {site.tombstone(lost)["source"] for lost in items} == {"order_items"}


def test_a_key_that_sees_one_customer_concludes_nothing(site: Site) -> None:
    """Everybody else's orders would answer 404."""
    site.emulator.api.keys["narrow"] = KeyPermission(bulk=False)
    site.world.remove_item(an_item(site))
    for name in ("orders", "items"):
        with pytest.raises(OneCustomerSeen, match=f"{name}: .*one customer.*Bulk Operations"):
            site.sweep(name, key="narrow")
    assert [name for name, error in failed_syncs(site) if "one customer" in error] == ["orders", "items"]
    assert_nothing_concluded(site)


def test_half_a_list_concludes_nothing(tmp_path: Path) -> None:
    """Implausibly many are missing: the sweep says how many, what to check, and looks none up."""
    with open_site(tmp_path, customers=130) as site:
        site.pull()
        site.emulator.faults.add(Fault(DropHalf(), path="orders"), Fault(DropHalf(), path="items"))
        for name in ("orders", "items"):
            with pytest.raises(
                TooManyMissing, match=rf"{name}: \d+ of \d+ .*more than 50 .*Nothing was written.*max_share"
            ):
                site.sweep(name)
        assert [name for name, _ in failed_syncs(site)] == ["orders", "items"]
        assert not [served for served in site.emulator.requests if served.request.key]
        assert site.sweep(max_share=1.0)["orders"].gone == 0
        assert_nothing_concluded(site)


@pytest.mark.parametrize("effect", [DropHalf(), Splice(['{"public_id": NaN}', '"x"', "[1]", "{}"], at="replace")])
def test_a_small_list_that_lacks_rows_concludes_nothing(site: Site, effect: DropHalf | Splice) -> None:
    """Few are missing, so each is looked up, and each is there."""
    site.emulator.faults.add(Fault(effect, path="orders", retrieve=False), Fault(effect, path="items", retrieve=False))
    reports = site.sweep()
    assert all(report.gone == 0 for report in reports.values())
    assert sum(report.came_back for report in reports.values()) > 0
    assert_nothing_concluded(site)


@pytest.mark.parametrize(
    ("effect", "error"),
    [(Status(503), StillFailing), (Reset(), StillFailing), (Status(403), MissingPermission), (Status(401), WrongKey)],
    ids=["503", "reset", "403", "401"],
)
def test_an_outage_in_the_middle_of_the_look_ups_concludes_nothing(
    site: Site, effect: Status | Reset, error: type[OrdergrooveError]
) -> None:
    """The first ones answered 404 already; still nothing is written, and the log says why."""
    for subscription in site.world.keys("subscriptions", "live")[:8]:
        site.world.cancel_subscription(subscription)
    site.pull()
    passed = Fault(Call(lambda world, request: None), path="items", retrieve=True, times=2)
    site.emulator.faults.add(passed)

    def after_two(world: object, request: object) -> None:
        if passed.seen == 2:
            site.emulator.faults.add(Fault(effect, path="items", retrieve=True))

    site.emulator.faults.add(Fault(Call(after_two), path="items", retrieve=True, times=2))
    before = site.table("ordergroove.items")
    with pytest.raises(error):
        site.sweep("items")
    assert passed.seen >= 2
    assert site.table("ordergroove.items") == before
    ((name, told),) = failed_syncs(site)
    assert name == "items"
    assert told.startswith("items, one record")
    assert_nothing_concluded(site)


@pytest.mark.parametrize("effect", [Status(503), Reset(), Html()], ids=["503", "reset", "HTML"])
def test_a_look_up_without_an_answer_is_left_undecided_and_the_others_are_judged(
    site: Site, effect: Status | Reset
) -> None:
    """One record that Ordergroove cannot show does not keep the deletions of all others from being found."""
    for subscription in site.world.keys("subscriptions", "live")[:4]:
        site.world.cancel_subscription(subscription)
    mute = min(site.world.deleted("items").keys() & site.fetched("items"))
    site.emulator.faults.add(Fault(effect, path=f"/items/{mute}/"))
    site.pull()
    reports = site.sweep()
    assert (reports["items"].undecided, reports["orders"].undecided) == (1, 0)
    assert reports["items"].candidates == reports["items"].gone + reports["items"].came_back + 1
    site.derive()
    assert site.held_deleted("items") == (site.world.deleted("items").keys() & site.fetched("items")) - {mute}
    ((outcome, told),) = site.rows("SELECT outcome, error FROM ops.sync_runs WHERE mode = 'sweep' AND object = 'items'")
    assert (outcome, told[:37]) == ("succeeded", "Left undecided, 1 without an answer; ")
    site.emulator.faults.clear()
    site.reconcile()
    assert_deletions_are_known(site)


def test_a_sweep_that_left_something_undecided_proves_nothing_for_later_ones(site: Site) -> None:
    """An item that left a closed order is looked up again, and its deletion may be older than that sweep."""
    item = shared_item(site)
    order = site.world.row("items", item)["order"]
    site.sweep()
    ((before,),) = site.rows("SELECT max(started_at) FROM ops.sync_runs WHERE mode = 'sweep' AND object = 'items'")
    site.world.remove_item(item)
    open_one = an_item(site, f"\"order\" <> '{order}'")
    site.world.remove_item(open_one)
    site.world.place_order(order)
    site.emulator.faults.add(Fault(Status(503), path="items", retrieve=True))
    site.pull()
    assert site.sweep("items")["items"].undecided >= 2
    site.emulator.faults.clear()
    site.reconcile()
    assert_deletions_are_known(site)
    assert site.tombstone(open_one)["deleted_after"] == before


def test_an_outage_of_the_list_concludes_nothing(site: Site) -> None:
    """A list that ends in the middle is no list."""
    site.world.remove_item(an_item(site))
    site.emulator.faults.add(Fault(Status(500), path="items", retrieve=False))
    with pytest.raises(StillFailing):
        site.sweep("items")
    assert_nothing_concluded(site)


class Nothing(Effect):
    """No record and no next page, as after a filter that Ordergroove no longer knows."""

    def alter(self, exchange: Exchange, page: Page) -> None:
        page.records, page.next = [], None


def test_an_empty_list_of_a_large_merchant_concludes_nothing(large_site: Site) -> None:
    """Everything is missing."""
    large_site.emulator.faults.add(Fault(Nothing(), path="orders"))
    with pytest.raises(SweepRefused):
        large_site.sweep("orders")
    assert_nothing_concluded(large_site)


def test_an_empty_warehouse_is_swept_without_a_request(tmp_path: Path) -> None:
    """A new merchant without orders and with one customer gets no error."""
    with open_site(tmp_path, customers=2) as site:
        assert site.sweep()["orders"].listed == 0
        assert not site.emulator.requests


def test_a_sweep_is_a_row_of_the_sync_log(site: Site) -> None:
    """Beside the pulls, with its requests and the codes that it listed."""
    site.sweep()
    rows = site.rows(
        "SELECT object, outcome, filters ->> '$.status', requests, clock_skew_seconds IS NOT NULL, watermark_after"
        " FROM ops.sync_runs WHERE mode = 'sweep' ORDER BY sync_id"
    )
    assert [row[:2] for row in rows] == [("orders", "succeeded"), ("items", "succeeded")]
    assert rows[0][2] == "[1,6,9,10,11,12,13,15,18,19,20]"
    assert all(requests >= 12 and skew for *_, requests, skew, _ in rows)

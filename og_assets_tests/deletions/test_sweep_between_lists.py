"""Where webhooks are shown to tell of every deletion, a sync lists what is open once a night."""

import pytest

from og_assets.emulator.shop.state import Event
from og_assets_tests.deletions.reconciling import (
    Site,
    assert_deletions_are_known,
    assert_totals_are_true,
    deletion,
)

IN_UNSENT = '"order" IN (SELECT public_id FROM orders WHERE status = 1)'
ALONE = f'{IN_UNSENT} AND (SELECT count(*) FROM items AS other WHERE other."order" = items."order") = 1'
SHARED = f'{IN_UNSENT} AND (SELECT count(*) FROM items AS other WHERE other."order" = items."order") > 1'


def delete_an_order(site: Site) -> str:
    """The only item of an order moves, and leaves it empty."""
    item = site.world.keys("items", ALONE)[0]
    left = str(site.world.row("items", item)["order"])
    site.world.move_item(item)
    assert left in site.world.deleted("orders")
    return left


def delete(site: Site) -> list[Event]:
    """An order and an item of another one are deleted; what webhooks tell of it."""
    before = len(site.world.events)
    delete_an_order(site)
    site.world.remove_item(site.world.keys("items", SHARED)[0])
    return site.world.events[before:]


@pytest.fixture
def told(site: Site) -> Site:
    """A merchant whose webhooks told of all that the last sweep found."""
    site.receive(delete(site))
    site.pull()
    reports = site.sweep(may_trust_webhooks=True)
    assert all(report.told_since is None and report.listed for report in reports.values())
    return site


def lists(site: Site) -> int:
    """Pages of orders and items that were asked for."""
    served = [request.request for request in site.emulator.requests]
    return sum(request.is_list and request.object in {"orders", "items"} for request in served)


def sweep_between(site: Site) -> bool:
    """One sweep of orders and items; whether neither was listed."""
    before = lists(site)
    reports = site.sweep(may_trust_webhooks=True)
    listed = lists(site) > before
    assert {report.told_since is None for report in reports.values()} == {listed}
    site.derive()
    return not listed


def test_what_webhooks_tell_is_confirmed_without_a_list(told: Site) -> None:
    """A deletion holds, a false one is lifted, and the items of the order are gone with it: one look-up each."""
    still_there = told.world.keys("orders", "status = 1")[-1]
    told.receive([*delete(told), deletion(told.world, "order.delete", still_there)])
    told.pull()
    assert sweep_between(told)
    assert_deletions_are_known(told)
    assert_totals_are_true(told)
    assert told.tombstone(still_there)["lifted_at"] is not None


def test_what_a_changed_order_left_out_is_found_and_then_all_is_listed(told: Site) -> None:
    """One item goes without a webhook: those of items are no longer complete, those of orders still are."""
    told.world.remove_item(told.world.keys("items", SHARED)[0])
    told.receive([deletion(told.world, "item.remove", "one-that-we-never-had")])
    told.pull()
    assert sweep_between(told)
    assert_deletions_are_known(told)
    reports = told.sweep(may_trust_webhooks=True)
    assert {name for name, report in reports.items() if report.listed} == {"items"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ordergroove.events SET received_at = received_at - INTERVAL 61 MINUTE",
        "UPDATE ops.sync_runs SET started_at = started_at - INTERVAL 1 DAY WHERE mode = 'sweep'",
        "UPDATE ordergroove.events SET type = 'order.create' WHERE type IN ('order.delete', 'item.remove')",
        "UPDATE ops.sync_runs SET error = 'one look-up got no answer' WHERE mode = 'sweep'",
        "INSERT INTO ops.sweep_findings SELECT * REPLACE ('nobody-told' AS id) FROM ops.sweep_findings",
    ],
    ids=["none came lately", "a new night", "none of deletions", "undecided", "a deletion without one"],
)
def test_all_is_listed_where_webhooks_are_not_shown_to_be_complete(told: Site, change: str) -> None:
    """Each reason by itself; without it nothing is listed."""
    assert sweep_between(told)
    told.execute(change)
    assert not sweep_between(told)


def test_who_asks_for_a_sweep_gets_the_list(told: Site) -> None:
    """`reconcile_deletions` trusts no webhook."""
    assert all(report.told_since is None and report.listed for report in told.sweep().values())


def test_what_is_missed_between_is_found_at_night(told: Site) -> None:
    """An order goes without any trace, and the next whole list finds it, gone since the last one."""
    gone = delete_an_order(told)
    assert sweep_between(told)
    assert gone not in told.held_deleted("orders")
    (listed_at,) = told.rows("SELECT max(started_at) FROM ops.sync_runs WHERE mode = 'sweep' AND object = 'orders'"
                             " AND window_start IS NULL")  # fmt: skip
    told.sweep()
    told.derive()
    assert_deletions_are_known(told)
    assert (told.tombstone(gone)["deleted_after"],) == listed_at

"""Tombstones are a function of what is known, however badly the webhooks travel; a wrong one is lifted."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from og_assets.warehouse.findings import Finding, Suspect, finish_sweep
from og_assets.warehouse.progress import Progress, SyncPlan, SyncRun
from og_assets.warehouse.sync_log import begin_sync
from og_assets_tests.deletions.reconciling import (
    Site,
    assert_deletions_are_known,
    assert_totals_are_true,
    deletion,
    deletion_events,
)

UNSENT = "status = 1"


def live_subscriptions(site: Site) -> list[str]:
    """The subscriptions that ship."""
    return site.world.keys("subscriptions", "live")


def days_of_deletions(site: Site, days: int = 2) -> None:
    """Cancellations, skips, removals and moves, beside the usual days."""
    for number in range(days):
        subscriptions = live_subscriptions(site)
        site.world.cancel_subscription(subscriptions[number])
        site.world.skip_subscription(subscriptions[-1 - number])
        items = site.world.keys("items", f'"order" IN (SELECT public_id FROM orders WHERE {UNSENT})')
        site.world.remove_item(items[0])
        site.world.move_item(items[-1])
        site.world.simulate_day()


def test_a_deletion_that_a_webhook_told_is_known_to_the_second(site: Site) -> None:
    """The tombstone has the event's time, its id, and the last state that was fetched."""
    item = site.world.keys("items", f'"order" IN (SELECT public_id FROM orders WHERE {UNSENT})')[0]
    order = site.world.row("items", item)["order"]
    site.world.advance(timedelta(minutes=7))
    site.world.remove_item(item)
    came = datetime.now(UTC)
    site.receive(site.world.events, came)
    site.derive()
    found = site.tombstone(item)
    (event,) = [event for event in site.world.events if event.type == "item.remove"]
    assert (found["source"], found["event_id"]) == ("webhook", event.id)
    assert (found["deleted_at"], found["deleted_after"], found["detected_at"]) == (site.world.now, None, came)
    assert (found["order"], found["lifted_at"]) == (order, None)
    assert site.rows("SELECT is_deleted FROM analytics.items_orders_bridge WHERE item = ?", item) == [(True,)]


@pytest.mark.parametrize("seed", [1, 2])
def test_lost_doubled_late_and_shuffled_webhooks_and_one_sync_know_every_deletion(site: Site, seed: int) -> None:
    """30 % never come, others twice, some only after the sync, none in order."""
    dice = random.Random(seed)
    days_of_deletions(site)
    sent = [event for event in site.world.events if dice.random() >= 0.3]
    sent += dice.sample(sent, len(sent) // 3)
    dice.shuffle(sent)
    late = len(sent) // 3
    site.receive(sent[late:])
    site.reconcile()
    assert_deletions_are_known_with_events(site)
    site.receive(sent[:late])
    site.derive()
    assert_deletions_are_known_with_events(site)
    assert_totals_are_true(site)
    told = {event.object["public_id"] for event in deletion_events(site.world) if event in sent}
    for source, id in site.rows("SELECT source, id FROM analytics.deletion_tombstones"):
        assert (source == "webhook") == (id in told)


def assert_deletions_are_known_with_events(site: Site) -> None:
    """As without events; those that came and went between two syncs may be known too, and nothing that exists is."""
    for name in ("orders", "items"):
        deleted = set(site.world.deleted(name))
        assert deleted & site.fetched(name) <= site.held_deleted(name) <= deleted


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_arrival_gives_the_same_tombstones(site: Site, data: st.DataObject) -> None:
    """Events, repeated events and findings may arrive in any order, with derivations anywhere between."""
    if not site.world.deleted("items"):
        for subscription in live_subscriptions(site)[:3]:
            site.world.cancel_subscription(subscription)
    events = deletion_events(site.world)
    came = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=365 * 50)
    found = [("items", event.object["public_id"]) for event in events if event.type == "item.remove"][:2]
    forget(site)
    site.receive(events, came)
    for object_name, id in found:
        find(site, object_name, id, came)
    site.derive()
    expected = site.table("analytics.deletion_tombstones")
    assert len(expected) == len(events)
    forget(site)
    for arrival in data.draw(st.permutations([*events, *events[:3], *found])):
        if isinstance(arrival, tuple):
            find(site, *arrival, came)
        else:
            site.receive([arrival], came)
        if data.draw(st.integers(0, 3)) == 0:
            site.derive_tombstones()
    site.derive_tombstones()
    assert site.table("analytics.deletion_tombstones") == expected


def find(site: Site, object_name: str, id: str, found_at: datetime) -> None:
    """A finding, as a sweep writes it."""
    with site.warehouse.get_connection() as connection:
        run = begin(connection, object_name)
        suspect = Suspect(id, "sweep", found_at - timedelta(days=1))
        finish_sweep(connection, run, Progress(), [Finding(suspect, found_at)], None)


def begin(connection: DuckDBPyConnection, object_name: str) -> SyncRun:
    """A sweep that begins."""
    plan = SyncPlan(object_name=object_name, run_id="run", mode="sweep", started_at=datetime.now(UTC))
    return begin_sync(connection, plan)


def forget(site: Site) -> None:
    """No event and no finding was ever known."""
    for table in ("ordergroove.events", "ops.inbox_state", "ops.sweep_findings", "analytics.deletion_tombstones"):
        site.execute(f"DELETE FROM {table}")
    site.inbox.trim(site.inbox.highest(), datetime.now(UTC) + timedelta(days=365 * 100))
    site.derive(rebuild=True)


def test_a_webhook_that_comes_after_the_sweep_tells_the_time(site: Site) -> None:
    """The finding came first and was right; the event knows when. Known since stays the earlier one."""
    site.world.cancel_subscription(live_subscriptions(site)[0])
    site.reconcile()
    (event, *_) = deletion_events(site.world)
    id = event.object["public_id"]
    by_sweep = site.tombstone(id)
    site.receive([event])
    site.derive()
    both = site.tombstone(id)
    assert (by_sweep["source"], both["source"]) == ("sweep", "webhook")
    assert (both["deleted_at"], both["detected_at"]) == (event.at, by_sweep["detected_at"])
    assert_deletions_are_known(site)


def test_an_event_before_the_first_fetch_of_its_order_counts_once_its_customer_is_known(site: Site) -> None:
    """A new customer's order came and went between two syncs: nothing of it was ever fetched."""
    site.pull()
    subscription = site.world.subscribe()
    (item, *_) = site.world.keys("items", "subscription = ?", subscription)
    order = site.world.row("items", item)["order"]
    site.world.cancel_subscription(subscription)
    site.receive(site.world.events)
    site.derive()
    assert site.table("analytics.deletion_tombstones") == []
    site.reconcile()
    assert {order} == site.held_deleted("orders")
    assert item in site.held_deleted("items")
    found = site.tombstone(item)
    assert (found["order"], found["subscription"]) == (order, subscription)
    assert found["last_state"] is not None
    before = site.derived()
    site.derive(rebuild=True)
    assert site.derived() == before


def test_test_events_with_ids_that_do_not_exist_do_no_harm(site: Site) -> None:
    """They are kept as events, and change no derived table."""
    before = site.derived()
    body = {"customer": "m1234576", "order": "6789756e263d11eea3da0a20cdd8d0a2", "subscription": None}
    fakes = [
        deletion(site.world, "item.remove", "af43b5b05ed511ee9edcceb803f32292", **body),
        deletion(site.world, "order.delete", "zzzz9999yyyy8888xxxx"),
    ]
    assert site.receive(fakes).new == 2
    site.derive()
    assert site.derived() == before
    site.reconcile()
    site.derive(rebuild=True)
    assert site.table("analytics.deletion_tombstones") == []
    assert_totals_are_true(site)


def test_a_wrong_tombstone_of_an_order_is_lifted_by_the_next_fetch(site: Site) -> None:
    """While it holds, order and items are out of the current tables; the totals that the event tells are not taken."""
    order = site.world.keys("orders", "status = 5")[0]
    before = site.derived()
    site.receive([deletion(site.world, "order.delete", order, total="0.00", sub_total="0.00")])
    site.derive()
    assert site.held_deleted("orders") == {order}
    for table in ("analytics.order_totals_current", "analytics.items_orders_bridge_current"):
        assert site.rows(f'FROM {table} WHERE "order" = ?', order) == []
    assert site.rows("FROM ordergroove.orders_current WHERE public_id = ?", order) == []
    assert site.rows('FROM ordergroove.items_current WHERE "order" = ?', order) == []
    assert len(site.rows("FROM ordergroove.orders WHERE public_id = ?", order)) == 1
    site.pull("orders", whole=True)
    site.derive()
    found = site.tombstone(order)
    assert site.rows("SELECT _synced_at FROM ordergroove.orders WHERE public_id = ?", order) == [(found["lifted_at"],)]
    assert found["lifted_at"] > found["detected_at"]
    after = site.derived()
    assert {**after, "deletion_tombstones": []} == before
    assert_totals_are_true(site)


def test_a_wrong_tombstone_is_lifted_by_the_next_sweep_when_the_order_is_open(site: Site) -> None:
    """It is listed, and held for deleted: it is looked up and found."""
    item = site.world.keys("items", f'"order" IN (SELECT public_id FROM orders WHERE {UNSENT})')[0]
    order = site.world.row("items", item)["order"]
    site.receive([deletion(site.world, "order.delete", order), deletion(site.world, "item.remove", item)])
    site.derive()
    assert (site.held_deleted("orders"), site.held_deleted("items")) == ({order}, {item})
    reports = site.sweep()
    assert (reports["orders"].lifted, reports["items"].lifted) == (1, 1)
    site.derive()
    assert (site.held_deleted("orders"), site.held_deleted("items")) == (set(), set())
    assert_totals_are_true(site)


def test_a_wrong_finding_is_lifted_and_a_later_one_holds_again(site: Site) -> None:
    """Gone, there, and gone for good: one tombstone, of the last deletion."""
    item = site.world.keys("items", f'"order" IN (SELECT public_id FROM orders WHERE {UNSENT})')[0]
    site.execute("INSERT INTO ops.sweep_findings VALUES ('items', ?, 'sweep', now(), now(), 1)", item)
    site.derive(rebuild=True)
    assert site.held_deleted("items") == {item}
    site.world.touch("items", item)
    site.pull()
    site.derive()
    assert site.held_deleted("items") == set()
    wrong = site.tombstone(item)
    site.world.remove_item(item)
    site.reconcile()
    assert site.tombstone(item)["lifted_at"] is None
    assert site.tombstone(item)["detected_at"] > wrong["lifted_at"]
    assert_deletions_are_known(site)


def test_rows_that_nobody_holds_for_deleted_are_not_written_again(site: Site) -> None:
    """A lifted tombstone is lifted once: further pulls leave its row alone."""
    order = site.world.keys("orders", "status = 5")[0]
    site.receive([deletion(site.world, "order.delete", order)])
    site.pull("orders", whole=True)
    before = site.table("ordergroove.orders")
    site.pull("orders", whole=True)
    assert site.table("ordergroove.orders") == before


def test_a_deleted_order_keeps_its_row_and_its_last_totals(site: Site) -> None:
    """It is out of the sums but in the tables, marked."""
    for subscription in live_subscriptions(site)[:5]:
        site.world.cancel_subscription(subscription)
    site.reconcile()
    gone = site.held_deleted("orders")
    assert gone
    rows = site.rows(
        'SELECT items, items_total, agrees, total > 0 FROM analytics.order_totals WHERE is_deleted AND "order" IN'
        " (SELECT id FROM analytics.deletion_tombstones WHERE object = 'orders')"
    )
    assert rows == [(0, 0, None, True)] * len(gone)

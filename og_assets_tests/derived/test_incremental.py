"""Whatever happened, in whatever order it was loaded: what changed, derived again, equals everything derived anew."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from og_assets.emulator.shop.statuses import RETRIED, SEND_NOW, UNSENT
from og_assets.emulator.world import World
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS
from og_assets.warehouse.derive import Days, derive
from og_assets_tests.deletions.reconciling import (
    Site,
    assert_deletions_are_known,
    assert_totals_are_true,
    deletion,
    open_pulled_site,
)

OPEN_ITEM = f'"order" IN (SELECT public_id FROM orders WHERE status = {UNSENT})'
TO_PLACE = f"status IN ({UNSENT}, {SEND_NOW}, {', '.join(map(str, RETRIED))})"


def _on(object_name: str, where: str, act: Callable[[World, str], object]) -> Callable[[Site, int], object]:
    """`act` on one object of the world, chosen by a number; nothing when there is none."""

    def step(site: Site, dice: int) -> object:
        keys = site.world.keys(object_name, where)
        return act(site.world, keys[dice % len(keys)]) if keys else None

    return step


def _false_event(site: Site, dice: int) -> object:
    """A webhook that says of an order that exists that it was deleted."""
    orders = site.world.keys("orders")
    return site.receive([deletion(site.world, "order.delete", orders[dice % len(orders)])])


STEPS: dict[str, Callable[[Site, int], object]] = {
    "subscribe": lambda site, dice: site.world.subscribe(),
    "cancel": _on("subscriptions", "live", World.cancel_subscription),
    "skip": _on("subscriptions", "live", World.skip_subscription),
    "skip the order": _on("orders", f"status = {UNSENT}", World.skip_order),
    "change the quantity": _on("subscriptions", "live", lambda world, key: world.change_quantity(key, 3)),
    "remove": _on("items", OPEN_ITEM, World.remove_item),
    "move": _on("items", OPEN_ITEM, World.move_item),
    "price": _on("items", OPEN_ITEM, lambda world, key: world.change_item_price(key, 1)),
    "add": _on("orders", f"status = {UNSENT}", World.add_one_time_item),
    "place": _on("orders", TO_PLACE, World.place_order),
    "an incentive": _on("orders", f"status = {UNSENT}", World.create_one_time_incentive),
    "a day": lambda site, dice: site.world.simulate_day(),
    "pull orders": lambda site, dice: site.pull("orders"),
    "pull items": lambda site, dice: site.pull("items"),
    "sweep": lambda site, dice: site.sweep(),
    "events": lambda site, dice: site.receive(site.world.events[dice % 3 :: 2]),
    "a false event": _false_event,
    "derive": lambda site, dice: site.derive(),
}
histories = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 10**6)), min_size=4, max_size=16)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_incremental_derivation_equals_rebuild_and_the_sums_equal_the_world(
    tmp_path_factory: pytest.TempPathFactory, templates: Path, history: list[tuple[str, int]]
) -> None:
    """At any point of any history, also when orders and items are loaded apart; and after a sync all is true."""
    with open_pulled_site(tmp_path_factory.mktemp("site"), templates, customers=6) as site:
        for name, dice in history:
            STEPS[name](site, dice)
        assert_incremental_equals_rebuild_and_truth(site)


def assert_incremental_equals_rebuild_and_truth(site: Site) -> None:
    """The derived tables as they stand, then once everything was pulled and swept."""
    site.derive()
    incremental = site.derived()
    site.derive(rebuild=True)
    assert site.derived() == incremental
    site.pull("customers")
    site.pull("orders", "items", whole=True)
    site.sweep()
    site.derive()
    assert_totals_are_true(site)
    assert_bridge_is_true(site)
    for name in ("orders", "items"):
        deleted = set(site.world.deleted(name))
        assert deleted & site.fetched(name) <= site.held_deleted(name) <= deleted
    after = site.derived()
    site.derive(rebuild=True)
    assert site.derived() == after


def assert_bridge_is_true(site: Site) -> None:
    """The current rows of the bridge are the items that exist, each with its order."""
    orders = {order["public_id"]: order for order in site.world.truth("orders")}
    columns = (
        'item, "order", subscription, customer, product, offer, quantity, price, total_price, one_time,'
        " order_status, place_date, order_merchant_id, order_found"
    )
    found = set(site.rows(f"SELECT {columns} FROM analytics.items_orders_bridge_current"))
    names = ("subscription", "product", "offer", "quantity", "price", "total_price", "one_time")
    expected = set()
    for item in site.world.truth("items"):
        order = orders[item["order"]]
        subscription, *rest = (item[name] for name in names)
        key = (item["public_id"], item["order"], subscription, order["customer"])
        expected.add((*key, *rest, order["status"], order["place_date"], order["order_merchant_id"], True))
    assert found == expected


def test_a_second_derivation_derives_nothing(site: Site) -> None:
    """What was not loaded again costs nothing."""
    assert [report.derived for report in site.derive()] == [0, 0, 0]
    site.pull(whole=True)
    assert [report.derived for report in site.derive()] == [0, 0, 0]


def test_only_touched_orders_are_derived_again(site: Site) -> None:
    """One price changes: its order and the items in it."""
    item = site.world.keys("items", OPEN_ITEM)[0]
    order = site.world.row("items", item)["order"]
    site.world.change_item_price(item, 5)
    site.pull()
    tombstones, bridge, totals = site.derive()
    assert (tombstones.derived, totals.derived) == (0, 1)
    assert bridge.derived == len(site.world.keys("items", '"order" = ?', order))
    assert (bridge.rebuilt, totals.rebuilt) == (False, False)


def test_an_item_that_left_corrects_the_order_it_left(site: Site) -> None:
    """Items are pulled and the order that lost one is not: its totals change all the same."""
    shared = '(SELECT count(*) FROM items AS other WHERE other."order" = items."order") > 1'
    item = site.world.keys("items", f"{OPEN_ITEM} AND {shared}")[0]
    left = site.world.row("items", item)["order"]
    site.world.move_item(item)
    site.pull("items")
    site.derive()
    held = len(site.world.keys("items", '"order" = ?', left))
    assert site.rows('SELECT items FROM analytics.order_totals WHERE "order" = ?', left) == [(held,)]
    incremental = site.derived()
    site.derive(rebuild=True)
    assert site.derived() == incremental


def test_a_pull_that_began_early_and_commits_late_is_not_missed(site: Site) -> None:
    """Its number is smaller than that of a pull that was derived already; what counts is when it was loaded."""
    site.execute("UPDATE ops.sync_runs SET sync_id = sync_id + 1000")
    for name in ("orders", "items"):
        site.execute(f"UPDATE ordergroove.{name} SET _sync_id = _sync_id + 1000")
    site.execute("DELETE FROM ops.derived_state")
    site.derive()
    site.execute(
        "INSERT INTO ops.sync_runs (sync_id, object, mode, started_at, outcome, last_load)"
        " SELECT 1, 'items', 'days', now(), 'succeeded', max(last_load) + 1 FROM ops.sync_runs"
    )
    ((item, order),) = site.rows('SELECT public_id, "order" FROM ordergroove.items LIMIT 1')
    site.execute("UPDATE ordergroove.items SET quantity = 77, _sync_id = 1 WHERE public_id = ?", item)
    site.derive()
    assert site.rows("SELECT quantity FROM analytics.items_orders_bridge WHERE item = ?", item) == [(77,)]
    assert site.rows('SELECT units >= 77 FROM analytics.order_totals WHERE "order" = ?', order) == [(True,)]


@pytest.mark.parametrize("table", ["items_orders_bridge", "order_totals"])
def test_a_table_that_lost_rows_is_derived_anew(site: Site, table: str) -> None:
    """Somebody deleted by hand; the next derivation notices that rows are missing."""
    before = site.derived()
    site.execute(f"DELETE FROM analytics.{table} USING (SELECT 1) WHERE random() < 0.5")
    site.derive()
    assert site.derived() == before


def test_a_derivation_that_fails_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table and mark are one transaction."""
    site.world.simulate_day()
    site.pull()
    before = site.derived(), site.table("ops.derived_state"), site.table("ops.orders_to_total")

    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("og_assets.warehouse.derive._finish", fail)
    with pytest.raises(RuntimeError):
        site.derive()
    assert (site.derived(), site.table("ops.derived_state"), site.table("ops.orders_to_total")) == before
    monkeypatch.undo()
    site.reconcile()
    assert_deletions_are_known(site)
    assert_totals_are_true(site)


def test_the_days_asked_for_are_derived_again(site: Site) -> None:
    """Rows that somebody changed by hand are right again for the days that a run is about."""
    before = site.derived()
    ((order, updated),) = site.rows("SELECT public_id, updated FROM ordergroove.orders ORDER BY updated DESC LIMIT 1")
    day = datetime.combine(updated.date(), datetime.min.time(), UTC)
    site.execute('UPDATE analytics.order_totals SET units = -1 WHERE "order" = ?', order)
    site.execute('UPDATE analytics.items_orders_bridge SET quantity = -1 WHERE "order" = ?', order)
    days = Days(day, day.replace(hour=23, minute=59, second=59))
    with site.warehouse.get_connection() as connection:
        derive(connection, BRIDGE, days=days)
        derive(connection, ORDER_TOTALS, days=days)
    assert site.derived() == before

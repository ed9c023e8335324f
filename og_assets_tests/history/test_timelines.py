"""The timelines against what the world did: with all webhooks, with none, and with most of them in any state."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from living import Life

from og_assets.emulator.shop.state import Event

STATUS_OF = {
    "order.create": 1,
    "order.send_now": 6,
    "order.skip_order": 4,
    "order.success": 5,
    "order.reject": 3,
    "order.generic_error": 15,
    "order.retryable_placement_failure": 18,
    "order.delete": -1,
}
WHAT_OF = {
    "subscription.create": "created",
    "subscription.cancel": "cancelled",
    "subscription.change_live": "reactivated",
    "subscription.sku_swap": "product",
    "subscription.change_quantity": "quantity",
    "subscription.change_frequency": "frequency",
    "subscription.change_components": "components",
    "subscription.change_payment": "payment",
    "subscription.change_shipping_address": "shipping_address",
}
FIELDS = {
    "product": "product",
    "quantity": "quantity",
    "frequency": "every",
    "payment": "payment",
    "shipping_address": "shipping_address",
    "price": "price",
    "components": "components",
    "prepaid": "prepaid_subscription_context",
}
"""By what changed, the field of a subscription in the world that did."""
LATE = timedelta(minutes=10)
SEED = 5


def lived(life: Life, received: Callable[[list[Event]], list[Event]], syncs: int = 4) -> list[Event]:
    """Live and sync that often; returns the events that came."""
    came: list[Event] = []
    life.sync()
    life.new_events()
    for _ in range(syncs - 1):
        life.pass_time(changes=life.dice.randrange(4, 14), days=life.dice.choice([0, 1, 2]))
        arrived = received(life.new_events())
        came += arrived
        life.sync(arrived)
    arrived = received([])  # those that are late
    life.pass_time(changes=0)
    life.sync(arrived)
    return came + arrived


def kinds(events: list[Event], by_type: dict[str, Any]) -> Counter[tuple[str, Any, datetime, str]]:
    """The events of a family as rows of its timeline: key, kind, time, id."""
    found = {
        event.id: (event.object["public_id"], by_type[event.type], event.at, event.id)
        for event in events
        if event.type in by_type
    }
    return Counter(found.values())


def rows(life: Life, sql: str) -> list[tuple[Any, ...]]:
    """Rows with instants in UTC."""
    return [
        tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in row)
        for row in life.rows(sql)
    ]


def event_rows(life: Life) -> tuple[Counter[Any], Counter[Any]]:
    """The rows of both timelines that an event tells."""
    steps = rows(
        life,
        'SELECT "order", to_status, changed_at, event_id FROM analytics.order_status_changes'
        " WHERE event_id IS NOT NULL",
    )
    changes = rows(
        life,
        "SELECT subscription, what, changed_at, event_id FROM analytics.subscription_changes"
        " WHERE event_id IS NOT NULL",
    )
    return Counter(steps), Counter(changes)


def bounded_rows(life: Life) -> tuple[list[Any], list[Any]]:
    """Key, kind and bounds of the rows that history alone tells."""
    steps = 'SELECT "order", to_status, changed_after, changed_by FROM analytics.order_status_changes'
    changes = "SELECT subscription, what, changed_after, changed_by FROM analytics.subscription_changes"
    return (
        rows(life, f"{steps} WHERE source IN ('history', 'tombstone')"),
        rows(life, f"{changes} WHERE source = 'history'"),
    )


def differences(life: Life) -> Iterator[tuple[int, str, str, Any, datetime, datetime]]:
    """What each two syncs can tell apart: which table, key, kind, and the seconds of the two syncs in the world."""
    for (_, before), (_, after) in zip(life.synced, life.synced[1:], strict=False):
        old = {row["public_id"]: row for row in life.world.truth_as_of("orders", before)}
        new = {row["public_id"]: row for row in life.world.truth_as_of("orders", after)}
        for key in old:
            status = new[key]["status"] if key in new else -1
            if status != old[key]["status"]:
                yield 0, "orders", key, status, before, after
        old = {row["public_id"]: row for row in life.world.truth_as_of("subscriptions", before)}
        for row in life.world.truth_as_of("subscriptions", after):
            was = old.get(row["public_id"])
            if was is None:
                continue
            if was["live"] != row["live"]:
                yield 1, "subscriptions", row["public_id"], "reactivated" if row["live"] else "cancelled", before, after
            for what, field in FIELDS.items():
                if was[field] != row[field]:
                    yield 1, "subscriptions", row["public_id"], what, before, after


def assert_bounds_hold_a_change(life: Life) -> None:
    """Between the bounds of each row that history tells, the world did change so."""
    skew = abs(life.skew) + timedelta(seconds=1)
    steps, changes = bounded_rows(life)
    statuses = [(key, new, at) for key, at, _, new in life.world.changes_of("orders", "status")]
    statuses += [(key, -1, at) for key, at in life.world.deleted("orders").items()]
    for key, status, after, by in steps:
        assert any(k == key and s == status and after - LATE < at <= by + skew for k, s, at in statuses), (key, status)
    fields = {what: life.world.changes_of("subscriptions", field) for what, field in FIELDS.items()}
    fields["cancelled"] = fields["reactivated"] = life.world.changes_of("subscriptions", "live")
    for key, what, after, by in changes:
        assert any(k == key and after - LATE < at <= by + skew for k, at, *_ in fields[what]), (key, what)


def assert_steps_end_where_orders_stand(life: Life) -> None:
    """And they are in order of time."""
    last = dict(
        life.rows('SELECT "order", arg_max(to_status, step) FROM analytics.order_status_changes GROUP BY "order"')
    )
    expected = {row["public_id"]: row["status"] for row in life.world.truth("orders")}
    known = {key for (key,) in life.rows("SELECT public_id FROM ordergroove.orders")}
    expected |= {key: -1 for key in life.world.deleted("orders") if key in known or key in last}
    assert last == expected
    assert life.rows(
        'SELECT count(*) FROM (SELECT changed_at < lag(changed_at) OVER (PARTITION BY "order" ORDER BY step) AS back'
        " FROM analytics.order_status_changes) WHERE back"
    ) == [(0,)]


def test_with_all_webhooks_each_change_is_there_once_at_its_time(live: Callable[[int], Life]) -> None:
    """What no webhook tells (a connection error, a price, prepaid orders) is there with its bounds."""
    life = live(SEED)
    came = lived(life, lambda events: events)
    steps, changes = event_rows(life)
    assert steps == kinds(came, STATUS_OF)
    assert changes == kinds(came, WHAT_OF)
    assert set(steps.values()) == set(changes.values()) == {1}
    bounded_steps, bounded_changes = bounded_rows(life)
    assert {status for _, status, *_ in bounded_steps} <= {13}
    assert {what for _, what, *_ in bounded_changes} <= {"price", "components", "prepaid", "offer", "renewal"}
    assert_bounds_hold_a_change(life)
    assert_steps_end_where_orders_stand(life)


def test_without_webhooks_all_that_two_syncs_can_tell_apart_is_there(live: Callable[[int], Life]) -> None:
    """Once, with bounds that contain it."""
    life = live(SEED + 1)
    lived(life, lambda events: [])
    assert event_rows(life) == (Counter(), Counter())
    told = [Counter((row[0], row[1]) for row in table) for table in bounded_rows(life)]
    apart = [Counter[Any](), Counter[Any]()]
    for table, _, key, kind, *_ in differences(life):
        apart[table][key, kind] += 1
    assert sum(map(sum, (counter.values() for counter in apart))) > 10
    assert told == apart
    assert_bounds_hold_a_change(life)
    assert_steps_end_where_orders_stand(life)


@pytest.mark.parametrize("seed", [SEED + 2, SEED + 3])
def test_with_lost_doubled_late_and_shuffled_webhooks_it_is_the_union(live: Callable[[int], Life], seed: int) -> None:
    """Each event that came is one row; each difference that none explains is one; nothing is there twice."""
    life = live(seed)
    dice = random.Random(seed)
    late: list[Event] = []

    def badly(events: list[Event]) -> list[Event]:
        arrived = [*late, *(event for event in events if dice.random() > 0.3)]
        late.clear()
        late.extend(event for event in arrived if events and dice.random() < 0.2)
        arrived += [event for event in arrived if dice.random() < 0.3]
        dice.shuffle(arrived)
        return [event for event in arrived if event not in late]

    came = lived(life, badly)
    steps, changes = event_rows(life)
    assert steps == kinds(came, STATUS_OF)
    assert changes == kinds(came, WHAT_OF)
    told = bounded_rows(life)
    arrived_kinds = (kinds(came, STATUS_OF), kinds(came, WHAT_OF))
    for table, _, key, kind, before, after in differences(life):
        alone = [
            row for row in told[table] if row[:2] == (key, kind) and before < row[3] + LATE and row[3] - LATE <= after
        ]
        explaining = [at for k, what, at, _ in arrived_kinds[table] if (k, what) == (key, kind) and at <= after]
        if not any(at > before - LATE for at in explaining):
            assert len(alone) == 1, (key, kind)
        if any(at > before for at in explaining):
            assert not alone, (key, kind)
    assert_bounds_hold_a_change(life)
    assert_steps_end_where_orders_stand(life)

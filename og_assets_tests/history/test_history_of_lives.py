"""Whatever a shop lives through, history tells how it stood at each sync, for every object that has one."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from living import BY_NAME, Life

from og_assets.ordergroove.tracked import TRACKED
from og_assets.sync.windows import CHICAGO, PullMode
from og_assets_tests.pulling import pull_one

LIVES = int(os.environ.get("OG_LIVES", "2"))
SEED = int(os.environ.get("OG_SEED", "0"))


@pytest.mark.parametrize("seed", range(SEED, SEED + LIVES))
def test_as_of_any_sync_is_the_truth_of_then(live: Callable[[int], Life], seed: int) -> None:
    """Deletions too: without webhooks they end a state when the sweep finds them, which is in the same sync."""
    life = live(seed)
    for number in range(5):
        life.pass_time(changes=life.dice.randrange(12), days=life.dice.choice([0, 0, 1]) if number else 0)
        life.refresh() if life.dice.random() < 0.2 else life.sync()
    states = 0
    for ours, of_the_world in life.synced:
        for name in TRACKED:
            comparison = life.as_of(name, ours, of_the_world)
            assert comparison.is_equal, f"{name} as of {of_the_world} (seed {seed}): {comparison}"
            states += comparison.rows
    assert states


def test_backfill_of_a_past_day_leaves_what_was_true_at_each_sync(live: Callable[[int], Life]) -> None:
    """It keeps the state that it ends; running it again adds none, and the next sync finds what was left."""
    life = live(SEED)
    orders = BY_NAME["orders"]

    def past(**options: Any) -> list[Any]:
        """Pull orders, then tell which of them have former states."""
        life.world.advance(timedelta(seconds=1))
        with life.our_clock():
            pull_one(life.emulator, life.warehouse, orders, **options)
            synced.append((datetime.now(UTC), life.world.now))
        return [key for (key,) in life.rows("SELECT public_id FROM history.orders_past ORDER BY valid_to")]

    synced: list[tuple[datetime, datetime]] = []
    assert past(mode=PullMode.WHOLE_HISTORY) == []
    changed = life.world.keys("orders", "status = 1")[:3]
    days = []
    for order in changed:
        life.world.advance(timedelta(days=1))
        life.world.change_order_date(order)
        days.append(life.world.now.astimezone(CHICAGO).date())
    for _ in range(2):
        assert past(mode=PullMode.DAYS, days=(days[1], days[1])) == changed[1:2]
    assert past() == changed
    for ours, of_the_world in (synced[0], synced[-1]):
        comparison = life.as_of("orders", ours, of_the_world)
        assert comparison.is_equal, f"as of {of_the_world}: {comparison}"

"""Whatever a shop lives through, history tells how it stood at each sync, for every object that has one."""

import os
from collections.abc import Callable

import pytest
from living import Life

from og_assets.ordergroove.tracked import TRACKED

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

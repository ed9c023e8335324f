"""The tables are the truth after each sync of any life of a shop, and between two syncs as far as webhooks told."""

import os
import random

import pytest

from og_assets_tests.lives.playing import play

LIVES = 4
SEED = int(os.environ.get("OG_SEED") or random.randrange(2**32))


@pytest.mark.long
def test_random_lives_of_a_shop_leave_nothing_wrong() -> None:
    """Webhooks are lost, late, doubled, shuffled and false; items move, orders are placed between any two requests."""
    wrong, done = play(SEED, range(LIVES))
    assert not wrong, f"OG_SEED={SEED} make lives LIVES={LIVES}\n" + "\n".join(wrong)
    assert done["syncs"] >= 2 * LIVES
    assert done["events"] > 0

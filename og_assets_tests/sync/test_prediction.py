"""How long a first sync takes is foretold from a few days of the past."""

from datetime import UTC, datetime

import pytest

from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import BY_NAME
from og_assets.sync import prediction
from og_assets.sync.prediction import Prediction, predict_first_pull
from og_assets.sync.windows import CHICAGO
from og_assets_tests.pulling import client_for

NOW = datetime(2026, 3, 10, 17, tzinfo=UTC)


def foretold(emulator: Emulator, name: str) -> Prediction:
    """The prediction of one object."""
    with client_for(emulator) as client:
        return predict_first_pull(client, BY_NAME[name], NOW.astimezone(CHICAGO).date())


def test_the_number_of_records_is_about_that_of_the_merchant() -> None:
    """Within half of it, by fewer requests than a hundredth of the pages would be for a large one."""
    with Emulator(World(seed=5, customers=600, now=NOW)) as emulator:
        for name in ("orders", "items"):
            found = foretold(emulator, name)
            truly = sum(1 for _ in emulator.world.truth(name))
            assert found.records == pytest.approx(truly, rel=0.5), name
            assert found.pages == -(-found.records // 100)
            assert not found.is_at_least
        assert sum(emulator.served.values()) <= 2 * 90


def test_a_day_that_is_too_long_makes_it_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """No day is read further than a few pages."""
    monkeypatch.setattr(prediction, "PAGES_OF_A_DAY", 1)
    monkeypatch.setattr(prediction, "PAGE_SIZE", 2)
    with Emulator(World(seed=5, customers=600, now=NOW)) as emulator:
        assert foretold(emulator, "items").is_at_least


def test_a_merchant_without_a_past_takes_one_page() -> None:
    """Nothing to divide by."""
    with Emulator(World(seed=5, customers=0, now=NOW)) as emulator:
        found = foretold(emulator, "orders")
    assert (found.records, found.pages) == (0, 1)

"""Every fault of the table, in its short form: after it no watermark is ahead, and one clean sync loses nothing."""

import os
from pathlib import Path

import pytest

from og_assets_tests.faults.table import HAZARDS, Hazard, play

SEED = int(os.environ.get("OG_SEED", "1"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where rounds have their warehouses, beside the template that they share."""
    return tmp_path_factory.mktemp("faults")


@pytest.mark.long
@pytest.mark.parametrize("hazard", [hazard for hazard in HAZARDS if hazard.short], ids=lambda hazard: hazard.name)
def test_nothing_is_lost_and_no_watermark_is_ahead(hazard: Hazard, folder: Path) -> None:
    """One clean sync makes every table the truth, whatever happened."""
    outcome = play(hazard, rounds=hazard.short, seed=SEED, folder=folder)
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert outcome.is_good, f"{outcome} with OG_SEED={SEED}"

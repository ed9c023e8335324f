"""An emulated merchant and an environment that points at it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster_jobs import environment

from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A small merchant whose clock is ours: partitions are days of the machine."""
    with Emulator(World(customers=12, now=datetime.now(UTC))) as emulator:
        yield emulator


@pytest.fixture
def variables(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment of this test."""
    return environment(emulator, tmp_path)

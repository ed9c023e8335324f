"""A merchant that remembers, and a warehouse that is synced by its clock."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from living import Life


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[int], Life]]:
    """A life by its seed."""
    with ExitStack() as lives:
        yield lambda seed: lives.enter_context(Life(seed, tmp_path / str(seed)))

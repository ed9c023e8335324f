"""What the tests of a sync share."""

import pytest

from og_assets.warehouse import staging


@pytest.fixture
def batch_per_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is loaded in a transaction of its own."""
    monkeypatch.setattr(staging, "PAGES_PER_SEGMENT", 1)

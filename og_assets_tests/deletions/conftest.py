"""A merchant whose history is in the warehouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from og_assets_tests.deletions.reconciling import Site, open_pulled_site


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where warehouses with a pulled history are kept for the session."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def site(tmp_path: Path, templates: Path) -> Iterator[Site]:
    """Twenty customers, pulled and derived once."""
    with open_pulled_site(tmp_path, templates) as site:
        yield site


@pytest.fixture
def large_site(tmp_path: Path, templates: Path) -> Iterator[Site]:
    """A hundred and thirty customers, so that more than fifty orders are open."""
    with open_pulled_site(tmp_path, templates, customers=130) as site:
        yield site

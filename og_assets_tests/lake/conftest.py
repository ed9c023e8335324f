"""Without og-assets[lake] these tests are skipped, and their modules not even imported."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from og_assets_tests.lake.services import missing_packages


class SkippedModule(pytest.Module):
    """A module of tests that says why it does not run."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Nothing but the reason."""
        pytest.skip(str(missing_packages()))


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """The module as it is, where a lake can be opened."""
    return SkippedModule.from_parent(parent, path=module_path) if missing_packages() else None

"""Where the warehouse of a test is: a file in `make test`, and a lake in `make lake`."""

import os
from pathlib import Path
from secrets import token_hex

import pytest

from og_assets.warehouse.place import FilePlace, Place, parse_place
from og_assets_tests.lake.services import missing_packages

ON_FILES = pytest.mark.skipif(missing_packages() is None, reason="it is about files")
"""Of a test among others that run on either place."""
CATALOG = "OG_TEST_CATALOG"
"""The words of the database for lakes of tests that run on either place; unset: these tests run on files."""


def place_at(path: Path) -> Place:
    """A place for a warehouse: the file at `path`, or a new lake whose files are beside it."""
    catalog = os.environ.get(CATALOG)
    return FilePlace(path) if catalog is None else new_lake(catalog, path.parent)


def new_lake(catalog: str, folder: Path, data_path: str | None = None) -> Place:
    """A lake that is not made yet, in a schema of its own."""
    return parse_place(
        f"ducklake:postgres:{catalog} schema=og_{token_hex(6)} data_path={data_path or folder / 'lake'}"
        f" scratch={folder / 'scratch'}"
    )

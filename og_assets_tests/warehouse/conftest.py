"""Real DuckDB files, and real processes that use them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import open_warehouse

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
StartPython = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a warehouse may be made; its folder is missing and has a name that looks like a pattern."""
    return tmp_path / "data [1]* o'clock" / "warehouse.duckdb"


@pytest.fixture
def connection(path: Path) -> Iterator[DuckDBPyConnection]:
    """A new warehouse, open."""
    with open_warehouse(path) as connection:
        yield connection


@pytest.fixture
def start_python() -> Iterator[StartPython]:
    """Start a process of Python code with arguments; it can import og_assets and the helpers of these tests."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(HERE)))},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()

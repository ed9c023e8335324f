"""The warehouse as what a pull needs: its path, and connections for a short time. Knows no Dagster."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping


class Warehouse(Protocol):
    """What can be loaded into; `WarehouseFile` is one, and Dagster's `WarehouseResource`."""

    @property
    def path(self) -> Path:
        """The DuckDB file."""

    @property
    def keeping(self) -> Keeping:
        """What becomes of the states that rows leave."""

    def get_connection(self, read_only: bool = False) -> AbstractContextManager[DuckDBPyConnection]:
        """The warehouse for the time of a block; see `open_warehouse` for waiting, settings and errors."""


@dataclass(frozen=True, slots=True)
class WarehouseFile:
    """The warehouse in a DuckDB file, opened as loads do."""

    path: Path
    keeping: Keeping = KEEP_FOR_GOOD

    @contextmanager
    def get_connection(self, read_only: bool = False) -> Iterator[DuckDBPyConnection]:
        """The warehouse for the time of this block; see `open_warehouse` for waiting, settings and errors."""
        with open_warehouse(self.path, read_only=read_only) as connection:
            yield connection

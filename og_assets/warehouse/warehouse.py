"""The warehouse as what a pull needs: where it is, and connections for a short time. Knows no Dagster."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from duckdb import DuckDBPyConnection

from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping
from og_assets.warehouse.place import Place, Turn, Where, place_of


class Warehouse(Protocol):
    """What can be loaded into; `WarehouseAt` is one, and Dagster's `WarehouseResource`."""

    @property
    def place(self) -> Place:
        """Where it is."""

    @property
    def keeping(self) -> Keeping:
        """What becomes of the states that rows leave."""

    def get_connection(
        self, read_only: bool = False, turn: Turn = Turn.LOAD
    ) -> AbstractContextManager[DuckDBPyConnection]:
        """The warehouse for the time of a block; see `open_warehouse` for waiting, settings and errors."""


@dataclass(frozen=True, slots=True)
class WarehouseAt:
    """The warehouse at a place, opened as loads do."""

    where: Where
    keeping: Keeping = KEEP_FOR_GOOD

    @property
    def place(self) -> Place:
        """Where it is."""
        return place_of(self.where)

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """The warehouse for the time of this block; see `open_warehouse` for waiting, settings and errors."""
        with open_warehouse(self.where, read_only=read_only, turn=turn) as connection:
            yield connection

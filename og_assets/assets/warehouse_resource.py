"""The warehouse as a Dagster resource: how an asset gets a connection and gives it back."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster_duckdb import DuckDBResource
from duckdb import DuckDBPyConnection
from pydantic import Field

from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.keeping import Keeping
from og_assets.warehouse.place import Place, Turn, parse_place


class WarehouseResource(DuckDBResource):
    """DuckDBResource with `get_connection` replaced: takes turns, waits in bounded time, always closes.

    The inherited one keeps the file locked after an exception in the block, and retries each
    failure to open, a file that is no database too, for 102 seconds.
    """

    database: str = Field(description="Path of the DuckDB file, or address of a lake.")
    memory_limit: str = Field(
        default="", description="Memory of DuckDB, beyond which rows are spilled to disk; empty: what a load needs."
    )
    threads: int = Field(default=1, ge=1, description="Threads of DuckDB.")
    lock_timeout_seconds: float = Field(
        default=300, ge=0, description="How long to wait for other processes of og_assets."
    )
    busy_timeout_seconds: float = Field(
        default=60, ge=0, description="How long to wait for other programs on the file."
    )

    history: bool = Field(default=True, description="Whether the states that objects leave are kept.")
    history_days: int | None = Field(
        default=None, description="Days after their end for which former states are kept; none: for good."
    )

    @property
    def place(self) -> Place:
        """Where the warehouse is."""
        return parse_place(self.database)

    @property
    def keeping(self) -> Keeping:
        """What becomes of the states that rows leave."""
        return Keeping(on=self.history, days=self.history_days)

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """The warehouse for the time of this block; see `open_warehouse` for waiting, settings and errors."""
        with open_warehouse(
            self.place,
            read_only=read_only,
            turn=turn,
            lock_timeout_seconds=self.lock_timeout_seconds,
            busy_timeout_seconds=self.busy_timeout_seconds,
            config={
                **({"memory_limit": self.memory_limit} if self.memory_limit else {}),
                "threads": self.threads,
                **self.connection_config,
            },
        ) as connection:
            yield connection

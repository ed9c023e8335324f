"""A warehouse whose file stays open between pulls: with small worlds, opening it costs more than what is done in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock

import duckdb
from duckdb import DuckDBPyConnection
from pydantic import PrivateAttr

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.place import Turn

TURN_SECONDS = 60


class HeldWarehouse(WarehouseResource):
    """The same file, lock, settings and turns; only closing waits until `close()`."""

    _turn: Lock = PrivateAttr(default_factory=Lock)
    _open: ExitStack = PrivateAttr(default_factory=ExitStack)
    _connection: DuckDBPyConnection | None = PrivateAttr(default=None)

    @contextmanager
    def get_connection(self, read_only: bool = False, turn: Turn = Turn.LOAD) -> Iterator[DuckDBPyConnection]:
        """The open connection, for one thread at a time; what the block leaves uncommitted is rolled back."""
        assert self._turn.acquire(timeout=TURN_SECONDS), "connections to the warehouse are nested or not given back"
        try:
            if self._connection is None:
                self._connection = self._open.enter_context(super().get_connection())
            try:
                yield self._connection
            finally:
                with suppress(duckdb.Error):
                    self._connection.rollback()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the file; the next connection opens it again."""
        self._connection = None
        self._open.close()

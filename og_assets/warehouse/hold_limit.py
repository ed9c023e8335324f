"""Takes the warehouse away from a reader who keeps it too long, so that loads go on."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, Self

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.warehouse.errors import WarehouseLetGo
from og_assets.warehouse.place import Where
from og_assets.warehouse.tables import quoted


class HoldLimit:
    """For a `with` block: after `seconds` (None: never) the connection loses `catalogs`, and `give_back` is called.

    A statement that runs is stopped; any later one finds no catalog. A result that is half read keeps the file open
    until it is read or dropped, and so does a transaction: only the connection's own thread can end those.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        catalogs: Sequence[str],
        give_back: Callable[[], None],
        seconds: float | None,
    ) -> None:
        self.seconds = seconds or 0.0
        self.reached = False
        self._connection = connection
        self._catalogs = catalogs
        self._give_back = give_back
        self._guard = threading.Lock()
        self._over = False
        self._timer = threading.Timer(seconds, self._let_go) if seconds else None

    def __enter__(self) -> Self:
        if self._timer:
            # Ends the result of the last statement before the block, which would keep the file open.
            self._connection.execute(f"USE {quoted(self._catalogs[0])}")
            # A connection of its own to the same instance: one connection is not for two threads.
            self._own = self._connection.cursor()
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._guard:
            self._over = True
        if self._timer:
            self._timer.cancel()
            self._own.close()

    def _let_go(self) -> None:
        with self._guard:
            if self._over:
                return
            self.reached = True
            self._connection.interrupt()
            with suppress(duckdb.Error):
                self._own.execute("USE memory")
                for catalog in self._catalogs:
                    self._own.execute(f"DETACH {quoted(catalog)}")
            self._give_back()


class LimitedConnection:
    """A DuckDB connection whose calls raise WarehouseLetGo, and not DuckDB's own error, once its limit is reached.

    What it returns is DuckDB's; a relation that was made before raises DuckDB's error where it is read.
    """

    def __init__(self, connection: DuckDBPyConnection, path: Where, limit: HoldLimit) -> None:
        self._connection = connection
        self._path = path
        self._limit = limit

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._connection, name)
        return self._guarded(value) if callable(value) else value

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            try:
                result = method(*arguments, **options)
            except duckdb.Error as error:
                if self._limit.reached:
                    with suppress(duckdb.Error):
                        self._connection.execute("USE memory")  # ends the last result, which keeps the file open
                    raise WarehouseLetGo(self._path, self._limit.seconds) from error
                raise
            if isinstance(result, DuckDBPyConnection):
                return self if result is self._connection else LimitedConnection(result, self._path, self._limit)
            return result

        return call

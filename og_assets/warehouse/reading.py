"""Reading the warehouse while syncs run: waits politely, opens for reading only, and lets go in bounded time."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from og_assets.errors import SettingError
from og_assets.warehouse.as_of import shown_as_of
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import WarehouseLocked, WarehouseReadOnly
from og_assets.warehouse.place import Where
from og_assets.warehouse.processes import Holder
from og_assets.warehouse.tables import quoted

if TYPE_CHECKING:
    import pandas as pd

WAIT_SECONDS = 60.0
"""How long a reader waits for a load."""

HOLD_SECONDS = 120.0
"""How long a reader may hold the file: less than the five minutes that a load waits for it."""

MEMORY_LIMIT = "1GB"
SILENT_SECONDS = 1.0
"""Most loads are over by then, and nobody needs to hear of them."""


@contextmanager
def read_warehouse(
    where: Where,
    *,
    wait_seconds: float = WAIT_SECONDS,
    hold_seconds: float | None = HOLD_SECONDS,
    on_wait: Callable[[Holder | None], None] | None = None,
    as_of: datetime | None = None,
) -> Iterator[DuckDBPyConnection]:
    """The warehouse for reading, for this block only; `FROM ordergroove.orders` works, times are shown in UTC.

    In a file a load that runs is waited for, at most `wait_seconds`; `on_wait` is told once who holds the file. No load
    can write while the block lasts, so after `hold_seconds` (None: never) the running statement is stopped and
    the file given back, though not while a half-read result or a transaction of the caller is open.

    With `as_of` (aware), objects are as they stood then, and what has no past is not there, but for what a lake had
    loaded by then (as_of.py).

    Raises WarehouseLocked, WarehouseMissing, NotAWarehouse, WarehouseFromTheFuture, NoHistory; a statement after
    `hold_seconds` raises WarehouseLetGo, and leaving the block by a statement that would write WarehouseReadOnly.
    """
    deadline = time.monotonic() + wait_seconds
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(_open(where, min(SILENT_SECONDS, wait_seconds), hold_seconds))
        except WarehouseLocked as error:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            if on_wait:
                on_wait(error.holder)
            try:
                connection = stack.enter_context(_open(where, left, hold_seconds))
            except WarehouseLocked as locked:
                raise WarehouseLocked(where, wait_seconds, locked.holder) from None
        if as_of:
            stack.enter_context(shown_as_of(connection, as_of))
        try:
            yield connection
        except duckdb.Error as error:
            if "attached in read-only mode" in str(error):
                raise WarehouseReadOnly(where) from error
            raise


def exact_frame(relation: DuckDBPyRelation) -> "pd.DataFrame":
    """What a statement gives as a pandas frame whose DECIMAL columns hold `decimal.Decimal`.

    The relation's own `.df()` makes floats of them, whose sums are off by fractions of a cent.
    Raises SettingError without pandas.
    """
    try:
        import pandas as pd
    except ImportError:
        raise SettingError("exact_frame makes a pandas frame: `pip install 'og-assets[frames]'`.") from None

    amounts = [name for name, type in zip(relation.columns, relation.types, strict=True) if type.id == "decimal"]
    if not amounts:
        return relation.df()
    as_text = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in amounts)
    frame = relation.project(f"* REPLACE ({as_text})").df()
    for name in amounts:
        frame[name] = pd.Series([None if pd.isna(amount) else Decimal(amount) for amount in frame[name]], dtype=object)
    return frame


def _open(where: Where, timeout: float, hold_seconds: float | None) -> AbstractContextManager[DuckDBPyConnection]:
    return open_warehouse(
        where,
        read_only=True,
        lock_timeout_seconds=timeout,
        busy_timeout_seconds=timeout,
        config={"memory_limit": MEMORY_LIMIT, "threads": os.cpu_count() or 2},
        hold_seconds=hold_seconds,
    )

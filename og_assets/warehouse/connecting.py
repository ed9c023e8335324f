"""How the warehouse is opened; a file alone, in bounded time, with one answer per thing that can go wrong.

Knows DuckDB and the lock beside the file; knows nothing of Dagster, so that commands start fast. A lake: lake.py.
"""

import logging
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TypeVar, cast

import duckdb
from duckdb import DuckDBPyConnection
from filelock import Timeout

from og_assets.locking import ProcessLock
from og_assets.warehouse.errors import (
    DamagedWriteAheadLog,
    NotAWarehouse,
    WarehouseError,
    WarehouseLetGo,
    WarehouseLocked,
    WarehouseMissing,
    WarehouseUnwritable,
)
from og_assets.warehouse.hold_limit import HoldLimit, LimitedConnection
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.warehouse.place import Lake, Turn, Where, place_of
from og_assets.warehouse.processes import Holder, holder_with_pid, lock_holder
from og_assets.warehouse.schema import bring_up_to_date, refuse_newer

log = logging.getLogger("og_assets")

Opened = TypeVar("Opened")

STORAGE_VERSION = "v1.5.0"
"""New files have the storage format that both lines of DuckDB in use (1.5 and 2) open."""

SECONDS_BEFORE_LOGGING = 3.0
"""A wait for the warehouse that is shorter is the usual one, of steps that load in turn."""

CATALOG = "warehouse"
"""The name under which our connections know the warehouse, whatever its file is called."""

ROWS_PER_GROUP = 16_384
"""Rows that are stored and rewritten together: about those of a batch, so that a load does not write its neighbours
again. DuckDB's usual 122,880 cost a pull of a million orders a sixth more CPU, and 40 MB more memory."""

MEMORY_LIMIT = "96MB"
"""What a load needs; with it a pull stays below 256 MB in all (bench/RESULTS.md)."""

LAKE_MEMORY_LIMIT = "192MB"
"""The same, and what the catalog tells of tables and files."""

_BUSY = re.compile(r"Could not set lock on file|Unique file handle conflict")
_HOLDER = re.compile(r"\(PID (\d+)\)")
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_UNWRITABLE = re.compile(rf"{_DISK_FULL.pattern}|Cannot open file|Read-only file system|Is a directory")
_UNREADABLE = re.compile(
    r"not a valid DuckDB database|Corrupt|version number|Serialization Error|Could not read enough bytes|newer version"
    r"|INTERNAL Error|_scanner"
)
_LOG_UNREADABLE = re.compile(r"\bWAL\b")


@contextmanager
def open_warehouse(
    where: Where,
    *,
    read_only: bool = False,
    turn: Turn = Turn.LOAD,
    lock_timeout_seconds: float = 300,
    busy_timeout_seconds: float = 60,
    config: Mapping[str, Any] | None = None,
    hold_seconds: float | None = None,
) -> Iterator[DuckDBPyConnection]:
    """The warehouse, opened for this block only; closed (and an open transaction rolled back) however it ends.

    Processes of ours take turns by a lock file beside the warehouse, for at most `lock_timeout_seconds`.
    A process that is no party to that lock, such as a person's DuckDB shell, is waited for
    `busy_timeout_seconds`. A writable open makes the folder and the file, which only its owner can read, and
    brings the schema up to date.
    In a lake only writers of the same kind of `turn` wait for each other, and readers for nobody.
    The session's time zone is UTC. `config` holds settings of DuckDB's, memory_limit and threads among
    them; without it they are what a load needs. Do not nest.
    After `hold_seconds`, for readers, a running statement is stopped and the file given back (HoldLimit).

    Raises WarehouseLocked, WarehouseUnwritable, WarehouseMissing, NotAWarehouse, WarehouseFromTheFuture,
    WarehouseLetGo, and of a lake what `open_lake` does.
    """
    place = place_of(where)
    usual = LAKE_MEMORY_LIMIT if isinstance(place, Lake) else MEMORY_LIMIT
    limits = {"memory_limit": usual, "threads": 1, **(config or {})}
    if isinstance(place, Lake):
        from og_assets.warehouse.lake import open_lake

        opened = open_lake(
            place, turn=turn, read_only=read_only, lock_timeout_seconds=lock_timeout_seconds, config=limits
        )
        with opened as connection:
            yield connection
        return
    path = place.path
    settings = {
        "preserve_insertion_order": False,
        "temp_directory": _spill_folder(path, read_only),
        "custom_user_agent": "og_assets",
        # Up to so many rows are looked up one by one; above it, all between the first and the last are read.
        "dynamic_or_filter_threshold": 5_000,
        "storage_compatibility_version": STORAGE_VERSION,
        # DuckDB would fetch an extension from the internet, to open an SQLite file for one.
        "autoinstall_known_extensions": False,
        # A reader's variables are found behind the calls of LimitedConnection.
        "python_scan_all_frames": hold_seconds is not None,
        **limits,
    }
    with ExitStack() as stack:
        own = stack.enter_context(turn_on_file(path, lock_timeout_seconds, read_only))
        if not read_only:
            stack.enter_context(new_files_for_owner_only())
            if not path.exists():
                _make(path, settings)
        connection = _connect(path, read_only, settings, busy_timeout_seconds)
        limit = HoldLimit(connection, [CATALOG], own.release, hold_seconds)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            if read_only:
                refuse_newer(connection, path)
            else:
                bring_up_to_date(connection, path)
            with limit:
                # The same interface, as far as reading needs it; a subclass is not possible.
                yield (
                    connection
                    if hold_seconds is None
                    else cast("DuckDBPyConnection", LimitedConnection(connection, path, limit))
                )
        except duckdb.Error as error:
            if limit.reached:
                raise WarehouseLetGo(path, limit.seconds) from error
            if _DISK_FULL.search(str(error)):
                raise WarehouseUnwritable(path, _first_line(error)) from error
            raise
        finally:
            # A connection without an open transaction refuses to roll back; closing must happen all the same.
            with suppress(duckdb.Error):
                connection.rollback()
            connection.close()


def lock_path(path: Path) -> Path:
    """The lock file by which our processes take turns on the warehouse at `path`."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def turn_on_file(path: Path, timeout_seconds: float, read_only: bool) -> Iterator[ProcessLock]:
    """Be the only process of ours that has the warehouse at `path` open; raises WarehouseLocked after the time-out."""
    if read_only and not os.path.exists(path):  # noqa: PTH110 - False, not an error, for a folder we may not enter
        raise WarehouseMissing(path)
    lock = ProcessLock(lock_path(path), thread_local=False)
    quietly = min(SECONDS_BEFORE_LOGGING, timeout_seconds)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(quietly)
        except Timeout:
            if timeout_seconds > quietly:
                _log_wait(path, lock_holder(lock_path(path)))
            lock.acquire(timeout_seconds - quietly)
    except Timeout:
        raise WarehouseLocked(path, timeout_seconds, lock_holder(lock_path(path))) from None
    except OSError as error:
        # Who may read the warehouse but not write beside it has DuckDB's own lock on the file to go by.
        if not read_only:
            raise WarehouseUnwritable(path, f"{error.strerror or error} ({error.filename or path})") from error
    try:
        yield lock
    finally:
        lock.release()


def _log_wait(path: Path, holder: Holder | None) -> None:
    log.info("waits for the warehouse %s, which is in use by %s", path, holder or "another process")


def _make(path: Path, settings: dict[str, Any]) -> None:
    """Make an empty file whole or not at all: a full disk or a crash would leave one that nothing can open."""
    real = Path(os.path.realpath(path))
    new = real.with_name(f"{real.name}.new")
    new.unlink(missing_ok=True)
    connection = duckdb.connect(config=settings)
    try:
        connection.execute(f"ATTACH {_literal(str(new))} AS {CATALOG}")
        connection.execute(f"DETACH {CATALOG}")
        new.replace(real)
    except (duckdb.Error, OSError) as error:
        raise _open_error(path, error) from error
    finally:
        connection.close()
        new.unlink(missing_ok=True)


def _connect(path: Path, read_only: bool, settings: dict[str, Any], timeout_seconds: float) -> DuckDBPyConnection:
    def connect() -> DuckDBPyConnection:
        connection = duckdb.connect(config=settings)
        try:
            # Under a name of its own: a file called ordergroove.duckdb would otherwise be the catalog `ordergroove`,
            # and `ordergroove.orders` ambiguous between that catalog and the schema.
            options = "READ_ONLY" if read_only else f"READ_WRITE, ROW_GROUP_SIZE {ROWS_PER_GROUP}"
            connection.execute(f"ATTACH {_literal(str(path))} AS {CATALOG} ({options})")
            connection.execute(f"USE {CATALOG}")
        except duckdb.Error:
            connection.close()
            raise
        return connection

    connection = once_free(path, connect, timeout_seconds)
    if not read_only:
        _remove_spilled(path)
    return connection


def once_free(path: Path, open_it: Callable[[], Opened], timeout_seconds: float) -> Opened:
    """What `open_it` gives as soon as no other program holds the file at `path`.

    Raises WarehouseLocked after `timeout_seconds`, and what else can be wrong with the file at once.
    """
    started = time.monotonic()
    pause = 0.02
    told = False
    while True:
        try:
            return open_it()
        except duckdb.Error as error:
            if not _BUSY.search(str(error)):
                raise _open_error(path, error) from error
            waited = time.monotonic() - started
            if waited >= timeout_seconds:
                raise WarehouseLocked(path, waited, _holder(str(error))) from error
            if waited >= SECONDS_BEFORE_LOGGING and not told:
                _log_wait(path, _holder(str(error)))
                told = True
            time.sleep(min(pause * random.uniform(0.5, 1.5), timeout_seconds - waited))
            pause = min(pause * 2, 1.0)


def _spill_folder(path: Path, read_only: bool) -> str:
    """Beside the file, where there is room for it; for a reader who may not write there, where temporary files are."""
    if read_only and not os.access(path.parent, os.W_OK):
        return str(Path(gettempdir()) / f"og_assets_{os.getuid()}.tmp")
    return f"{path}.tmp"


def _remove_spilled(path: Path) -> None:
    """What a killed process of ours has spilled; nobody else has the file open now, so nobody needs it."""
    for leftover in path.with_name(f"{path.name}.tmp").glob("duckdb_temp_*"):
        with suppress(OSError):
            leftover.unlink()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _holder(message: str) -> Holder | None:
    found = _HOLDER.search(message)
    if found:
        return holder_with_pid(int(found[1]))
    return holder_with_pid(os.getpid()) if "Unique file handle" in message else None


def _open_error(path: Path, error: Exception) -> WarehouseError:
    problem = _first_line(error)
    if "database does not exist" in problem:
        return WarehouseMissing(path)
    if _LOG_UNREADABLE.search(problem):
        return DamagedWriteAheadLog(path, problem)
    if _UNREADABLE.search(problem):
        return NotAWarehouse(path, problem)
    if _UNWRITABLE.search(problem):
        return WarehouseUnwritable(path, problem)
    return WarehouseError(f"The warehouse {path} could not be opened: {problem}.")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("IO Error: ").rstrip(".!")

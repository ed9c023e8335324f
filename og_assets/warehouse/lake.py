"""How a DuckLake is opened: readers at once, on what was last committed; writers in turns (lake_locks.py).

A process has one DuckDB with the extensions, which cost a third of a second to load, and a lake stays attached to it;
each opening is a connection of its own to it. Nothing here is imported where all warehouses are files.
"""

import importlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
from duckdb import DuckDBPyConnection

from og_assets.locking import ProcessLock
from og_assets.warehouse.errors import (
    CatalogUnreachable,
    CommitRefused,
    LakeUnfit,
    LakeUnsupported,
    WarehouseMissing,
    WarehouseUnwritable,
)
from og_assets.warehouse.lake_locks import ask, hold, session
from og_assets.warehouse.memory import THREADS
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.warehouse.place import Lake, Turn
from og_assets.warehouse.schema import bring_up_to_date, is_up_to_date, refuse_newer
from og_assets.warehouse.staging import remove_leftovers
from og_assets.warehouse.tables import literal

CATALOG = "warehouse"
"""The name of the first lake that a process opens, as of a file (connecting.py)."""
EXTENSIONS = ("postgres_scanner", "ducklake", "httpfs")
SECONDS_TO_MAKE = 300.0
INLINING = "data_inlining_row_limit"
OPTIONS = {
    # Rows that are kept in the catalog until a flush: with them on, rows that two transactions had touched read NULL.
    INLINING: "0",
    "parquet_compression": "zstd",  # a third of the size
    "parquet_row_group_size": "16384",  # about the rows of a batch, as in a file (connecting.py)
}
"""What a new lake is told, for whoever writes into it."""


@contextmanager
def open_lake(
    lake: Lake, *, turn: Turn, read_only: bool, lock_timeout_seconds: float, config: Mapping[str, Any]
) -> Iterator[DuckDBPyConnection]:
    """The lake, for this block only; an open transaction is rolled back, however the block ends.

    Writers of one kind of turn wait for each other, at most `lock_timeout_seconds`; readers wait for nobody, and each
    of their transactions stands on one snapshot. `config` holds settings of DuckDB's, which are those of the process;
    its threads count for the first opening, since changing them beside a statement that runs has stopped both for good.

    Raises LakeBusy, CatalogUnreachable, WarehouseMissing, WarehouseFromTheFuture, LakeUnfit, LakeUnsupported, and
    CommitRefused when another process has changed the same.
    """
    with ExitStack() as stack:
        if not read_only:
            stack.enter_context(hold(lake, turn.value, lock_timeout_seconds))
            stack.enter_context(new_files_for_owner_only())
        threads = THREADS if turn is Turn.DERIVE else int(config.get("threads", 1))
        instance = _instance_of(lake, threads=threads)
        connection = stack.enter_context(instance.connection(lake, read_only=read_only))
        try:
            for name, value in config.items():
                if name != "threads":
                    connection.execute(f"SET {name} = {literal(str(value))}")
            connection.execute("SET TimeZone = 'UTC'")
            if read_only:
                refuse_newer(connection, lake)
            else:
                _require_fit(connection, lake)
                if not is_up_to_date(connection, lake):
                    with hold(lake, "make", SECONDS_TO_MAKE):
                        bring_up_to_date(connection, lake)
            yield connection
        except duckdb.TransactionException as error:
            if "Transaction conflict" in str(error):
                raise CommitRefused(lake) from error
            raise


def is_made(lake: Lake) -> bool:
    """Whether the catalog is there. Raises CatalogUnreachable."""
    with session(lake) as asked:
        return bool(ask(asked, "SELECT to_regclass(%s) IS NOT NULL", [f"{lake.schema}.ducklake_metadata"]))


def load_extensions(connection: DuckDBPyConnection) -> None:
    """Give a DuckDB what it needs to attach a lake. Raises LakeUnsupported."""
    for name in EXTENSIONS:
        connection.execute(f"LOAD {literal(str(_extension(name)))}")
    # Who was overtaken in what he did not touch tries again: six loaders and a derivation commit in turn.
    connection.execute("SET ducklake_max_retry_count = 100")


def attach(connection: DuckDBPyConnection, lake: Lake, name: str, *, read_only: bool) -> None:
    """Attach a lake under a name. Raises CatalogUnreachable, LakeUnsupported."""
    options = [f"METADATA_SCHEMA {literal(lake.schema)}"]
    options += ["READ_ONLY"] if read_only else [f"DATA_PATH {literal(lake.data_path)}", "DATA_INLINING_ROW_LIMIT 0"]
    if lake.is_in_bucket:
        _tell_key(connection, lake, name)
    try:
        connection.execute(f"ATTACH {literal(f'ducklake:postgres:{lake.catalog}')} AS {name} ({', '.join(options)})")
    except duckdb.Error as error:
        raise CatalogUnreachable(lake, str(error).splitlines()[0].rstrip(".")) from error


def _extension(name: str) -> Path:
    """The file of an extension, out of its wheel: nothing is fetched from the internet."""
    try:
        folder = Path(next(iter(importlib.import_module(f"duckdb_extension_{name}").__path__)))
    except ImportError:
        raise LakeUnsupported(f"there is no package duckdb-extension-{name.replace('_', '-')}") from None
    found = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not found.exists():
        raise LakeUnsupported(f"DuckDB is {duckdb.__version__}, and {folder.name} is of another release")
    return found


def _tell_key(connection: DuckDBPyConnection, lake: Lake, name: str) -> None:
    """Let DuckDB reach the bucket by AWS's own variables."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    scheme, _, host = endpoint.rpartition("://")
    told = {
        "KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID"),
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN"),
        "REGION": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        "ENDPOINT": host.rstrip("/"),
        "URL_STYLE": "path" if host else None,  # servers beside Amazon's have no host name for each bucket
        "SCOPE": lake.data_path,
    }
    words = [f"{word} {literal(value)}" for word, value in told.items() if value]
    try:
        connection.execute(
            f"CREATE OR REPLACE SECRET {name} (TYPE s3, {', '.join(words)}, USE_SSL {str(scheme != 'http').lower()})"
        )
    except duckdb.Error:  # its message could quote the statement
        raise LakeUnsupported("the variables AWS_ACCESS_KEY_ID and so on hold no key that DuckDB takes") from None


def _require_fit(connection: DuckDBPyConnection, lake: Lake) -> None:
    """Raise LakeUnfit where small changes would go into the catalog: rows have read NULL then."""
    catalog = str(connection.execute("SELECT current_database()").fetchall()[0][0])
    if _inlining(connection, catalog) != {OPTIONS[INLINING]}:
        raise LakeUnfit(lake, INLINING, OPTIONS[INLINING])


def _inlining(connection: DuckDBPyConnection, catalog: str) -> set[str]:
    """What a lake was told of inlining, for all of it or for a schema or table."""
    found = connection.execute(
        f"SELECT value FROM ducklake_options({literal(catalog)}) WHERE option_name = '{INLINING}'"
    ).fetchall()
    return {value for (value,) in found}


@dataclass
class _Attached:
    """A lake under the name that it has in this process, and how many have it open."""

    name: str
    users: int = 0


@dataclass
class _Instance:
    """The DuckDB of this process. Thread-safe."""

    connection_of_all: DuckDBPyConnection
    spill_folder: Path
    spill_lock: ProcessLock
    attached: dict[tuple[Lake, bool], _Attached] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def connection(self, lake: Lake, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
        """A connection of its own whose database is the lake."""
        # Somebody may have tidied up; DuckDB makes a folder of its own in it.
        self.spill_folder.mkdir(parents=True, exist_ok=True)
        with self.guard:
            attached = self._attach(lake, read_only=read_only)
            attached.users += 1
        own = self.connection_of_all.cursor()
        try:
            own.execute(f"USE {attached.name}")
            yield own
        finally:
            # A connection without an open transaction refuses to roll back; closing must happen all the same.
            with suppress(duckdb.Error):
                own.rollback()
            own.close()
            with self.guard:
                attached.users -= 1

    def _attach(self, lake: Lake, *, read_only: bool) -> _Attached:
        known = self.attached.get((lake, read_only))
        if known and self._answers(known):
            return known
        self._detach_others(lake)
        connection = self.connection_of_all
        taken = {name for (name,) in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
        name = next(name for name in _names() if name not in taken)
        if not read_only:
            with hold(lake, "make", SECONDS_TO_MAKE):
                attach(connection, lake, name, read_only=False)
                new = not _inlining(connection, name)  # or made by one that died before it had told
                for option, value in OPTIONS.items() if new else ():
                    connection.execute(f"CALL {name}.set_option('{option}', '{value}')")
        elif is_made(lake):
            attach(connection, lake, name, read_only=True)
        else:
            raise WarehouseMissing(lake)
        made = self.attached[lake, read_only] = _Attached(name)
        return made

    def _answers(self, attached: _Attached) -> bool:
        """Whether the sessions of a lake that nobody has open are still good: a database may have been restarted."""
        if attached.users:
            return True
        try:
            self.connection_of_all.execute(f"FROM ducklake_current_snapshot('{attached.name}')")
        except duckdb.Error:
            return False
        return True

    def _detach_others(self, lake: Lake) -> None:
        """Each attached lake keeps sessions of its database, and one that does not answer is of no use."""
        for key, attached in list(self.attached.items()):
            if not attached.users and (key[0] != lake or not self._answers(attached)):
                del self.attached[key]
                with suppress(duckdb.Error):
                    self.connection_of_all.execute(f"DETACH {attached.name}")


def _names() -> Iterator[str]:
    yield CATALOG
    yield from (f"{CATALOG}_{number}" for number in count(2))


_instances: dict[int, _Instance] = {}
"""By process: what a parent has opened is not for its forked children."""
_guard = threading.Lock()


def _instance_of(lake: Lake, *, threads: int) -> _Instance:
    """This process's DuckDB, made with the first lake that it opens, in whose scratch folder it spills."""
    with _guard:
        if os.getpid() not in _instances:
            area, lock = _spill_area(lake)
            connection = duckdb.connect(
                config={
                    "threads": threads,
                    "preserve_insertion_order": False,
                    "temp_directory": str(area),
                    "custom_user_agent": "og_assets",
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                }
            )
            load_extensions(connection)
            _instances[os.getpid()] = _Instance(connection, area.parent, lock)
        return _instances[os.getpid()]


def _spill_area(lake: Lake) -> tuple[Path, ProcessLock]:
    """A name for a folder of this process's, whose lock it keeps; removes what killed ones have left."""
    folder = lake.beside("tmp")
    area = folder / f"{os.getpid()}-{uuid4().hex[:8]}"
    lock = ProcessLock(area.with_name(f"{area.name}.lock"), thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessLock(folder / ".lock"):
            remove_leftovers(folder)
            lock.acquire()
    except OSError as error:
        raise WarehouseUnwritable(folder, str(error)) from error
    return area, lock

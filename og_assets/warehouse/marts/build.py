"""How the marts are built: read under the lock, computed in a scratch database without it, published at once.

    warehouse (held) ──► narrow copies ──(file given back)──► bases, marts, sums ──► warehouse (held): all marts

The scratch database is a file beside the warehouse. It holds ids, so only its owner can read it; it is removed at the
end, after a failure too, and what a killed build has left is removed by the next. Builds on one machine take turns; of
two hosts of a lake the one that read later has the last word.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection
from filelock import Timeout

from og_assets.locking import ProcessLock
from og_assets.warehouse.connecting import once_free
from og_assets.warehouse.derived_table import DerivedTable, make_derived
from og_assets.warehouse.errors import MartsDisagree, WarehouseLocked
from og_assets.warehouse.forgotten import read_forgotten, require_same
from og_assets.warehouse.marts.all_marts import BASES, MARTS
from og_assets.warehouse.marts.options import Cadence, Terms
from og_assets.warehouse.marts.orders import ORDER_FORECAST_LOG
from og_assets.warehouse.marts.recurring_revenue import CANCELLATIONS
from og_assets.warehouse.marts.subscribers import MARTS_AS_OF
from og_assets.warehouse.marts.sums import Finding, evaluate_sums
from og_assets.warehouse.memory import MEMORY_LIMIT, THREADS, allow_joins
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.warehouse.place import Place, Turn
from og_assets.warehouse.processes import lock_holder
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.tables import ensure_tables, literal, names_with_columns, quoted
from og_assets.warehouse.transactions import transaction
from og_assets.warehouse.warehouse import Warehouse

MARK = "marts"
"""Name under which ops.derived_state tells what the marts are built from."""
SECONDS_FOR_A_TURN = 1800.0
"""How long a build waits for another to end; one of 10 million items takes minutes."""
MANY_ORDERS = 1_700_000
MEMORY_LIMIT_FOR_MANY = "4GB"
"""Memory of DuckDB: above some 3 million items the joins spill, at a third more CPU."""
_scratch_name = threading.Lock()
"""Held while a database is attached as scratch: lakes share the DuckDB of their process, and so its names."""

NOT_PULLED = "subscriptions, orders and items have not all been pulled yet"


@dataclass(frozen=True, slots=True)
class MartsReport:
    """What a build did. `why_not` says why nothing was built, if so; then there are neither rows nor findings.

    `seconds_held` is how long the file of the warehouse was held, both times together, of all `seconds`.
    """

    why_not: str | None
    as_of_date: date | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    seconds_held: float = 0.0
    seconds: float = 0.0


def build_marts(
    warehouse: Warehouse,
    terms: Terms,
    prepare: Callable[[DuckDBPyConnection], None],
    *,
    cadence: Cadence = Cadence.SYNC,
    rebuild: bool = False,
) -> MartsReport:
    """Build all marts from the warehouse as it is, unless they are so already; with `rebuild` in any case.

    `prepare` makes the tables that are read, where they are not there yet. A mart that breaks a sum is not published:
    then all stay as they were. Raises MartsDisagree, ForgottenMeanwhile, and WarehouseError as opening does.
    """
    began = time.monotonic()
    with _turn(warehouse.place) as scratch:
        held = time.monotonic()
        with warehouse.get_connection(turn=Turn.DERIVE) as connection:
            prepare(connection)
            connection.execute(read_sql("marts/macros.sql"))
            through_load = _newest_load(connection)
            as_of_date = _as_of_date(connection, terms)
            if as_of_date is None:
                return MartsReport(NOT_PULLED)
            if not rebuild and (why_not := _is_built(connection, through_load, as_of_date, terms, cadence)):
                return MartsReport(why_not, as_of_date)
            forgotten = read_forgotten(connection)
            _read(connection, scratch, terms)
        seconds_held = time.monotonic() - held
        with _computing(scratch) as connection:
            _compute(connection, terms)
            findings = evaluate_sums(connection)
        broken = [
            f"{name}: {finding.sum.name}"
            for name, found in findings.items()
            for finding in found
            if finding.sum.is_error and not finding.agrees
        ]
        if broken:
            raise MartsDisagree(broken, findings)
        held = time.monotonic()
        with warehouse.get_connection(turn=Turn.DERIVE) as connection, _attached(connection, scratch, "READ_ONLY"):
            require_same(connection, forgotten)
            if (_built_through(connection) or 0) > through_load:
                return MartsReport("another host has built newer ones meanwhile", as_of_date)
            rows = _publish(connection, through_load)
        seconds_held += time.monotonic() - held
    return MartsReport(None, as_of_date, rows, findings, seconds_held, time.monotonic() - began)


@contextmanager
def marts_in_scratch(
    warehouse: Warehouse, terms: Terms, prepare: Callable[[DuckDBPyConnection], None]
) -> Iterator[DuckDBPyConnection]:
    """The scratch database with bases and marts as the warehouse is now; nothing is published. For recounts.

    Without watermarks the marts are empty.
    """
    with _turn(warehouse.place) as scratch:
        with warehouse.get_connection(turn=Turn.DERIVE) as connection:
            prepare(connection)
            connection.execute(read_sql("marts/macros.sql"))
            _read(connection, scratch, terms)
        with _computing(scratch) as connection:
            _compute(connection, terms)
            yield connection


@contextmanager
def _turn(warehouse: Place) -> Iterator[Path]:
    """Be the only build here of this warehouse; the name of a scratch database of which nothing is left after."""
    scratch = warehouse.beside("marts")
    lock = ProcessLock(warehouse.beside("marts.lock"))
    try:
        warehouse.folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(SECONDS_FOR_A_TURN)
    except Timeout:
        raise WarehouseLocked(warehouse, SECONDS_FOR_A_TURN, lock_holder(Path(lock.lock_file))) from None
    try:
        _remove(scratch)
        yield scratch
    finally:
        _remove(scratch)
        lock.release()


def remove_scratch(warehouse: Place) -> None:
    """Remove what a killed build has left here, which holds ids. One that is at work removes its own."""
    lock = ProcessLock(warehouse.beside("marts.lock"))
    with suppress(Timeout):
        lock.acquire(0)
        try:
            _remove(warehouse.beside("marts"))
        finally:
            lock.release()


def _remove(scratch: Path) -> None:
    for leftover in (scratch, scratch.with_name(f"{scratch.name}.wal")):
        leftover.unlink(missing_ok=True)
    for spilled in scratch.with_name(f"{scratch.name}.tmp").glob("duckdb_temp_*"):
        spilled.unlink(missing_ok=True)


def _attach(connection: DuckDBPyConnection, scratch: Path, options: str = "READ_WRITE") -> None:
    """Attach it as soon as it is free: where it was before, transactions beside ours keep it until they end."""
    statement = f"ATTACH {literal(str(scratch))} AS scratch ({options})"
    once_free(scratch, lambda: connection.execute(statement), SECONDS_FOR_A_TURN)


@contextmanager
def _attached(connection: DuckDBPyConnection, scratch: Path, options: str = "READ_WRITE") -> Iterator[None]:
    with _scratch_name:
        with new_files_for_owner_only():
            _attach(connection, scratch, options)
        try:
            yield
        finally:
            connection.execute("DETACH scratch")


@contextmanager
def _computing(scratch: Path) -> Iterator[DuckDBPyConnection]:
    """The scratch database by itself."""
    with new_files_for_owner_only():
        connection = duckdb.connect(
            config={
                "threads": THREADS,
                "preserve_insertion_order": False,
                "temp_directory": f"{scratch}.tmp",
                "autoinstall_known_extensions": False,
            }
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            _attach(connection, scratch)
            connection.execute("USE scratch")
            count = connection.execute("SELECT count(*) FROM orders").fetchone()
            many = count is not None and count[0] > MANY_ORDERS
            connection.execute(f"SET memory_limit = '{MEMORY_LIMIT_FOR_MANY if many else MEMORY_LIMIT}'")
            yield connection
        finally:
            connection.close()


def _newest_load(connection: DuckDBPyConnection) -> int:
    newest = connection.execute("SELECT coalesce(max(last_load), 0) FROM ops.sync_runs").fetchone()
    return int(newest[0]) if newest else 0


def _as_of_date(connection: DuckDBPyConnection, terms: Terms) -> date | None:
    row = connection.execute(
        f"SELECT as_of_date FROM ({_rows_of(MARTS_AS_OF)})", {"business_timezone": terms.business_timezone}
    ).fetchone()
    return row[0] if row else None


def _is_built(
    connection: DuckDBPyConnection, through_load: int, as_of_date: date, terms: Terms, cadence: Cadence
) -> str | None:
    """Why the marts need not be built, if they need not."""
    built_through = _built_through(connection)
    if built_through is None:
        return None
    built = connection.execute("SELECT as_of_date, business_timezone FROM analytics.marts_as_of").fetchone()
    if built != (as_of_date, terms.business_timezone):
        return None
    if len(names_with_columns(connection, MARTS)) < len(MARTS):  # another release built them
        return None
    if built_through == through_load:
        return f"nothing was loaded since they were built as of {as_of_date}"
    return f"they are built once a day, and are as of {as_of_date} already" if cadence is Cadence.DAILY else None


def _built_through(connection: DuckDBPyConnection) -> int | None:
    """The last load that is in the marts; None where there are none."""
    row = connection.execute("SELECT through_load FROM ops.derived_state WHERE table_name = ?", [MARK]).fetchone()
    return int(row[0]) if row else None


def _read(connection: DuckDBPyConnection, scratch: Path, terms: Terms) -> None:
    """Copy what is needed, as of one moment."""
    allow_joins(connection)
    # To look for the best compression takes half again as long, and the file is held meanwhile.
    connection.execute("SET force_compression = 'uncompressed'")
    try:
        with _attached(connection, scratch), transaction(connection):
            _make(connection, MARTS_AS_OF, "scratch.", {"business_timezone": terms.business_timezone})
            connection.execute(read_sql("marts/read.sql"))
    finally:
        connection.execute("RESET force_compression")


def _compute(connection: DuckDBPyConnection, terms: Terms) -> None:
    connection.execute(read_sql("marts/macros.sql"))
    for base in BASES:
        connection.execute(f"CREATE TABLE {base} AS {read_sql(f'marts/{base}.sql')}")
    for mart in MARTS:
        if mart is MARTS_AS_OF:
            continue
        told = {"disengaged_code": terms.disengaged_code} if mart is CANCELLATIONS else None
        _make(connection, mart, "", told)


def _make(
    connection: DuckDBPyConnection, mart: DerivedTable, where: str, parameters: Mapping[str, object] | None
) -> None:
    """A mart's table in the scratch database, with the types that it has when it is published."""
    columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in mart.stored_columns)
    connection.execute(f"CREATE TABLE {where}{quoted(mart.name)} ({columns})")
    connection.execute(f"INSERT INTO {where}{quoted(mart.name)} BY NAME {_rows_of(mart)}", parameters)


def _rows_of(mart: DerivedTable) -> str:
    return read_sql(f"marts/{mart.name}.sql")


def _publish(connection: DuckDBPyConnection, through_load: int) -> dict[str, int]:
    """All marts at once, so that a reader sees one day or the other; returns their rows."""
    rows = {}
    allow_joins(connection)  # a second thread: the file is held meanwhile
    ensure_tables(connection, [ORDER_FORECAST_LOG])
    with transaction(connection):
        there = names_with_columns(connection, MARTS)
        for mart in MARTS:
            if mart is ORDER_FORECAST_LOG:
                connection.execute(read_sql("marts/keep_forecast.sql"))
            else:
                if mart.qualified_name in there:
                    connection.execute(f"DELETE FROM {mart.qualified_name}")
                else:
                    make_derived(connection, mart)
                connection.execute(f"INSERT INTO {mart.qualified_name} BY NAME FROM scratch.{quoted(mart.name)}")
            count = connection.execute(f"SELECT count(*) FROM {mart.qualified_name}").fetchone()
            rows[mart.name] = int(count[0]) if count else 0
        connection.execute("DELETE FROM ops.derived_state WHERE table_name = ?", [MARK])
        connection.execute("INSERT INTO ops.derived_state VALUES (?, ?, now())", [MARK, through_load])
    return rows

"""What happens to the warehouse file and its disk: full, read-only, held, damaged, older, newer, gone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.warehouse import schema
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.errors import (
    DamagedWriteAheadLog,
    NotAWarehouse,
    UnknownSync,
    WarehouseError,
    WarehouseFromTheFuture,
    WarehouseLocked,
    WarehouseUnwritable,
)
from og_assets.warehouse.staging import staging_folder
from og_assets_tests.faults.dying import Point
from og_assets_tests.faults.killing import PROCESSES, errand, finish, kill_at, start
from og_assets_tests.faults.rig import Impossible, Rig
from og_assets_tests.warehouse import older_releases

REPOSITORY = Path(__file__).parents[2]
COMMITTED = "COMMIT .*INSERT INTO \\W*ordergroove"
ABORTS = (
    "before_truncate",
    "before_header",
    "after_free_list_write",
    "before_wal_finish",
    "before_moving_recovery",
    "before_deleting_checkpoint_wal",
)
"""Where DuckDB can be told to stop in the middle of a checkpoint (setting debug_checkpoint_abort)."""


# The disk


def disk_full(rig: Rig) -> None:
    """A disk of its own, a little larger than the warehouse; what is on it afterwards is the warehouse."""
    size = (_size(rig) + rig.dice.randrange(2_000_000)) // 4096 * 4096 + 4096
    told = _pull_behind(rig, f'mount -t tmpfs -o size={size} disk "$OWN"')
    assert not told or told.startswith("WarehouseUnwritable: "), told


def file_size_limit(rig: Rig) -> None:
    """No file may grow beyond a size: the log, the database, or a staged batch meets it."""
    limit = rig.dice.choice([2_000, 60_000, 400_000, _size(rig) + rig.dice.randrange(600_000)])
    told = rig.folder / "told"
    finish(start(errand(rig, file_size_limit=limit), told=told))
    text = told.read_text()
    assert not text or text.startswith("WarehouseUnwritable: "), text


def read_only_disk(rig: Rig) -> None:
    """A file system that is mounted for reading."""
    told = _pull_behind(rig, 'mount -t tmpfs disk "$OWN"', 'mount -o remount,ro "$OWN"')
    assert told.startswith("WarehouseUnwritable: "), told
    assert "ORDERGROOVE_WAREHOUSE" in told


def read_only_file(rig: Rig) -> None:
    """The folder takes new files, the warehouse file takes no byte."""
    file = '"$OWN"/ordergroove.duckdb'
    told = _pull_behind(
        rig, 'mount -t tmpfs disk "$OWN"', f"mount --bind {file} {file}", f"mount -o remount,ro,bind {file}"
    )
    assert told.startswith("WarehouseUnwritable: "), told


def _pull_behind(rig: Rig, mount: str, *then: str) -> str:
    """A pull on a disk of its own, in a mount namespace; afterwards the warehouse is what is on that disk.

    Returns how it ended: nothing for success. Raises Impossible where the system lets nobody make a disk.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        raise Impossible("there is no `unshare` to make a disk with")
    home = rig.warehouse.place.path.parent
    home.mkdir(parents=True, exist_ok=True)
    own, left, told, mounted = (rig.folder / name for name in ("disk", "left", "told", "mounted"))
    own.mkdir()
    job = asdict(errand(rig, database=str(own / rig.warehouse.place.path.name)))
    lines = (
        "set -e",
        mount,
        f': > "{mounted}"',
        f'cp -a "{home}/." "$OWN"',
        *then,
        f'"{sys.executable}" -m og_assets_tests.faults.dying "$JOB" "{told}" || true',
        f'cp -a "$OWN/." "{left}"',
    )
    made = subprocess.run(
        [unshare, "-rm", "sh", "-c", "\n".join(lines)],
        cwd=REPOSITORY,
        env={**os.environ, "OWN": str(own), "JOB": json.dumps(job, default=lambda mode: mode.value)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not mounted.exists():
        raise Impossible(f"no disk can be mounted here: {made.stderr.strip()}")
    assert made.returncode == 0, made.stderr
    shutil.rmtree(home)
    left.rename(home)
    return told.read_text()


def _size(rig: Rig) -> int:
    return rig.warehouse.place.path.stat().st_size if rig.warehouse.place.path.exists() else 0


# Others on the file


def reader_in_the_way(rig: Rig) -> None:
    """A person's shell opens the file in the middle of a pull, and stays longer than a load waits."""
    _with_reader(rig, busy_timeout_seconds=0.3, leaves=False)


def reader_who_leaves(rig: Rig) -> None:
    """A person's shell opens the file in the middle of a pull, and closes it before a load gives up."""
    _with_reader(rig, busy_timeout_seconds=60, leaves=True)


def _with_reader(rig: Rig, *, busy_timeout_seconds: float, leaves: bool) -> None:
    ready, leave = PROCESSES.Event(), PROCESSES.Event()
    reader = PROCESSES.Process(target=_read, args=(str(rig.warehouse.place.path), ready, leave))

    def come(world: object, request: object) -> None:
        with rig.warehouse.get_connection():  # our own turn, so that the reader finds a file at rest
            pass
        reader.start()
        ready.wait(30)

    first, last = rig.any_page(1, rig.pages - 2), rig.pages
    rig.emulator.faults.add(Fault(fx.Call(come), rig.object.name, page=first, times=1))
    if leaves:
        leaving = fx.Call(lambda world, request: leave.set())
        rig.emulator.faults.add(Fault(leaving, rig.object.name, page=last, times=1))
    warehouse = WarehouseResource(database=rig.warehouse.database, busy_timeout_seconds=busy_timeout_seconds)
    try:
        error = rig.pull_expecting(None if leaves else WarehouseLocked, warehouse=warehouse)
        assert leaves or f"process {reader.pid}" in str(error), error
    finally:
        leave.set()
        reader.join(30)


def _read(path: str, ready: Any, leave: Any) -> None:
    connection = duckdb.connect(path, read_only=True)
    ready.set()
    leave.wait(60)
    connection.close()


# Damage


def damaged_log(rig: Rig) -> None:
    """A process dies and leaves a write-ahead log, in which some bytes are then others."""
    wal = _leave_a_log(rig)
    content = bytearray(wal.read_bytes())
    at = rig.dice.randrange(len(content))
    content[at : at + 16] = bytes(255 - byte for byte in content[at : at + 16])
    wal.write_bytes(content)
    _follow_the_advice(rig, rig.pull_expecting(DamagedWriteAheadLog, None))


def log_cut_short(rig: Rig) -> None:
    """The end of a write-ahead log never reached the disk."""
    wal = _leave_a_log(rig)
    os.truncate(wal, rig.dice.randrange(wal.stat().st_size))
    _follow_the_advice(rig, rig.pull_expecting(DamagedWriteAheadLog, None))


def log_of_another_state(rig: Rig) -> None:
    """A backup is put in place of the database, and the log of the one before lies beside it."""
    wal = _leave_a_log(rig)
    kept = wal.read_bytes()
    with rig.warehouse.get_connection() as connection:
        connection.execute("CHECKPOINT")
    wal.write_bytes(kept)
    _follow_the_advice(rig, rig.pull_expecting(DamagedWriteAheadLog))


def _leave_a_log(rig: Rig) -> Path:
    """The log of a pull that was killed after a few batches."""
    kill_at(rig, Point("statement", COMMITTED, "after", rig.dice.randint(2, 4)))
    return rig.warehouse.place.path.with_name(f"{rig.warehouse.place.path.name}.wal")


def _follow_the_advice(rig: Rig, error: Exception | None) -> None:
    """The message names the log; moved away, it is in nobody's way."""
    if error is None:
        return
    wal = rig.warehouse.place.path.with_name(f"{rig.warehouse.place.path.name}.wal")
    for part in (f"Move {wal} away", "sync again"):
        assert part in str(error), error
    wal.rename(rig.folder / "moved_away.wal")


def damaged_file(rig: Rig) -> None:
    """The head of the database is overwritten; the message says what to move away."""
    content = bytearray(rig.warehouse.place.path.read_bytes())
    content[:12288] = rig.dice.randbytes(12288)
    rig.warehouse.place.path.write_bytes(content)
    error = rig.pull_expecting(NotAWarehouse)
    assert "move it away" in str(error)
    rig.warehouse.place.path.rename(rig.folder / "moved_away.duckdb")


def aborted_checkpoint(rig: Rig) -> None:
    """DuckDB stops in the middle of writing its log into its file, at a commit or when it closes."""
    settings = {"debug_checkpoint_abort": rig.dice.choice(ABORTS)}
    if rig.dice.random() < 0.6:
        settings["checkpoint_threshold"] = rig.dice.choice(["1KB", "100KB"])
    warehouse = WarehouseResource(database=rig.warehouse.database, connection_config=settings)
    rig.pull_expecting(None, duckdb.Error, WarehouseError, warehouse=warehouse)


# Releases


def killed_in_a_migration(rig: Rig) -> None:
    """The first open by this release dies in the middle of its change of the schema; the next one makes it whole."""
    make_older(rig)
    what, when = rig.dice.choice(
        [
            ('CREATE TABLE IF NOT EXISTS "ops"."sweep_findings"', "before"),
            ('CREATE TABLE IF NOT EXISTS "ops"."sweep_findings"', "after"),
            ("-- What webhooks and sweeps tell", "after"),
            ('CREATE OR REPLACE TABLE "analytics"."order_totals"', "before"),
            ("INSERT INTO ops.schema_versions", "after"),
            ("COMMIT .*INSERT INTO ops.schema_digest", "before"),
            ("COMMIT .*INSERT INTO ops.schema_digest", "after"),
        ]
    )
    kill_at(rig, Point("statement", what, when))


def older_release(rig: Rig) -> None:
    """The warehouse of the first version is brought up to date by the next sync, rows and watermarks kept."""
    make_older(rig)
    with open_warehouse(rig.warehouse.place.path) as connection:
        assert schema.schema_version(connection) == schema.VERSION
    assert rig.watermark() is not None
    rig.pull_expecting(None)


def make_older(rig: Rig) -> None:
    """Turn the warehouse into one of schema version 1: what that release wrote of it, in a file made as it did."""
    older = rig.folder / "older.duckdb"
    connection = duckdb.connect(config={"storage_compatibility_version": "v1.5.0"})
    connection.execute(f"ATTACH '{older}' AS older")
    connection.execute("USE older")
    older_releases.make(connection, 1)
    connection.execute(f"ATTACH '{rig.warehouse.place.path}' AS newer (READ_ONLY)")
    for table in ("sync_runs", "sync_state", "quarantine"):
        columns = connection.execute(
            "SELECT string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns()"
            " WHERE database_name = 'older' AND schema_name = 'ops' AND table_name = ?",
            [table],
        ).fetchall()[0][0]
        connection.execute(f"INSERT INTO ops.{table} ({columns}) SELECT {columns} FROM newer.ops.{table}")
    for object in rig.objects:
        table = f"ordergroove.{object.name}"
        connection.execute(f"CREATE TABLE {table} AS SELECT * EXCLUDE (_notes) FROM newer.{table}")
    connection.close()
    older.replace(rig.warehouse.place.path)


def newer_release(rig: Rig) -> None:
    """A warehouse of a release to come is refused, and left as it is until that release is installed."""
    rig.rows("INSERT INTO ops.schema_versions VALUES (99, now())")
    before = rig.warehouse.place.path.read_bytes()
    error = rig.pull_expecting(WarehouseFromTheFuture)
    assert "Install the newer og_assets" in str(error)
    assert rig.warehouse.place.path.read_bytes() == before
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{rig.warehouse.place.path}' AS warehouse")
    connection.execute("DELETE FROM warehouse.ops.schema_versions WHERE version = 99")
    connection.close()


# Lost state


def lost_watermarks(rig: Rig) -> None:
    """Somebody empties ops.sync_state: the next sync reads the whole history."""
    rig.rows("DELETE FROM ops.sync_state")
    assert rig.pull().filters == {}


def lost_warehouse(rig: Rig) -> None:
    """Folder and all: the next sync makes them again."""
    shutil.rmtree(rig.warehouse.place.path.parent)
    rig.pull_expecting(None)


def older_backup(rig: Rig) -> None:
    """A copy of before the last sync is put back: its watermarks are as old as its rows."""
    kept = rig.folder / "backup.duckdb"
    shutil.copy(rig.warehouse.place.path, kept)
    rig.pull()
    shutil.copy(kept, rig.warehouse.place.path)


def replaced_in_a_pull(rig: Rig) -> None:
    """The file is moved away while a pull runs: the pull says so, and nothing of it passes for complete."""

    def move(world: object, request: object) -> None:
        with open_warehouse(rig.warehouse.place.path):  # not in the middle of a load
            rig.warehouse.place.path.rename(rig.folder / "moved_away.duckdb")

    rig.emulator.faults.add(Fault(fx.Call(move), rig.object.name, page=rig.any_page(), times=1))
    rig.pull_expecting(UnknownSync, WarehouseError)


def lost_staging(rig: Rig) -> None:
    """Somebody tidies up the staging folder while a pull runs."""

    def tidy(world: object, request: object) -> None:
        shutil.rmtree(staging_folder(rig.warehouse.place.path), ignore_errors=True)

    rig.emulator.faults.add(Fault(fx.Call(tidy), rig.object.name, page=rig.any_page(), times=1))
    error = rig.pull_expecting(WarehouseUnwritable, None)
    assert error is None or "ORDERGROOVE_WAREHOUSE" in str(error)


Inject = Callable[[Rig], None]
FAULTS: dict[str, tuple[Any, ...]] = {
    "disk full": (disk_full, 1, 4),
    "file size limit reached": (file_size_limit, 1, 6),
    "read-only disk": (read_only_disk, 1, 1, ("orders",), False, True),
    "read-only file": (read_only_file, 0, 1, ("orders",), False, True),
    "reader who stays on the file": (reader_in_the_way, 1, 3),
    "reader who leaves in time": (reader_who_leaves, 1, 3),
    "damaged write-ahead log": (damaged_log, 2, 8),
    "write-ahead log cut short": (log_cut_short, 1, 6),
    "write-ahead log of another state": (log_of_another_state, 1, 4),
    "damaged database file": (damaged_file, 1, 4, ("orders",), False, True),
    "checkpoint aborted": (aborted_checkpoint, 2, 12),
    "warehouse of an older release": (older_release, 1, 2, ("orders",), False, True),
    "killed in a migration": (killed_in_a_migration, 1, 5, ("orders",), False, True),
    "warehouse of a newer release": (newer_release, 1, 1, ("orders",), False, True),
    "watermarks lost": (lost_watermarks, 1, 2, ("orders",), False, True),
    "warehouse lost": (lost_warehouse, 1, 2, ("orders",), False, True),
    "older backup restored": (older_backup, 1, 2, ("orders",), False, True),
    "warehouse moved away in a pull": (replaced_in_a_pull, 1, 4),
    "staging folder removed in a pull": (lost_staging, 1, 4),
}

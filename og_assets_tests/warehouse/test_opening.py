"""Opening the warehouse: what it is set to, who is waited for, and what a person is told when it cannot be."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.connecting import lock_path, open_warehouse
from og_assets.warehouse.errors import (
    NotAWarehouse,
    WarehouseError,
    WarehouseFromTheFuture,
    WarehouseLocked,
    WarehouseMissing,
    WarehouseUnwritable,
)
from og_assets.warehouse.schema import VERSION

StartPython = Callable[..., "subprocess.Popen[str]"]

HOLD_AS_A_STRANGER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("holding", flush=True)
sys.stdin.readline()
"""
HOLD_AS_ONE_OF_OURS = """
import sys
from pathlib import Path
from og_assets.warehouse.connecting import lock_path, open_warehouse
with open_warehouse(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""


def test_first_open_makes_folder_file_and_schema(path: Path) -> None:
    """One open is all it takes to have a warehouse."""
    with open_warehouse(path) as connection:
        schemas = connection.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall()
        assert {"ordergroove", "analytics", "ops"} <= {name for (name,) in schemas}
        assert connection.execute("SELECT version FROM ops.schema_versions").fetchall() == [(VERSION,)]


def test_session_settings(path: Path) -> None:
    """UTC, bounded memory, and a storage format that older and newer DuckDB read."""
    with open_warehouse(path, config={"memory_limit": "128MiB", "threads": 1}) as connection:
        settings = dict(connection.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        assert settings["TimeZone"] == "UTC"
        assert settings["memory_limit"] == "128.0 MiB"
        assert settings["threads"] == "1"
        assert settings["preserve_insertion_order"] == "false"
        assert settings["dynamic_or_filter_threshold"] == "5000"
        assert settings["temp_directory"] == f"{path}.tmp"
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'").fetchone()
        assert tags == ({"storage_version": "v1.5.0+"},)


def test_opening_again_changes_nothing(path: Path) -> None:
    """An open without work leaves the file as it is, byte for byte."""
    with open_warehouse(path):
        pass
    before = path.read_bytes()
    with open_warehouse(path):
        pass
    assert path.read_bytes() == before


def test_stamps_come_back_aware(path: Path) -> None:
    """TIMESTAMPTZ is fetched with a zone."""
    with open_warehouse(path) as connection:
        row = connection.execute("SELECT applied_at FROM ops.schema_versions").fetchone()
        assert row
        assert row[0].astimezone(UTC) == row[0]


def test_every_ops_table_and_column_is_described(path: Path) -> None:
    """Someone who opens the file finds out what is in it."""
    with open_warehouse(path) as connection:
        undescribed = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'ops' AND comment IS NULL"
            " UNION ALL SELECT table_name, NULL FROM duckdb_tables() WHERE schema_name = 'ops' AND comment IS NULL"
        ).fetchall()
        assert undescribed == []


def test_an_exception_inside_gives_the_file_back(path: Path, start_python: StartPython) -> None:
    """Another process can write at once, and the open transaction is gone."""
    with pytest.raises(RuntimeError, match="inside"), open_warehouse(path) as connection:
        connection.begin()
        connection.execute("CREATE TABLE half_done (a INTEGER)")
        raise RuntimeError("inside")
    process = start_python(HOLD_AS_ONE_OF_OURS, path)
    assert process.stdout
    assert process.stdout.readline() == "holding\n"
    process.communicate("\n")
    with open_warehouse(path, read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert ("half_done",) not in tables


@pytest.mark.parametrize("read_only", [False, True])
def test_a_stranger_on_the_file_is_named(path: Path, start_python: StartPython, read_only: bool) -> None:
    """A person's shell is waited for, and then the message says which process it is."""
    with open_warehouse(path):
        pass
    process = start_python(HOLD_AS_A_STRANGER, path)
    assert process.stdout
    process.stdout.readline()
    started = time.monotonic()
    with pytest.raises(WarehouseLocked) as caught, open_warehouse(path, read_only=read_only, busy_timeout_seconds=0.3):
        pass
    assert 0.3 <= time.monotonic() - started < 5
    assert caught.value.holder
    assert caught.value.holder.pid == process.pid
    assert caught.value.holder.command
    message = str(caught.value)
    assert f"process {process.pid} ({caught.value.holder.command})" in message
    assert "ORDERGROOVE_WAREHOUSE" in message


def test_a_stranger_who_leaves_in_time_is_no_error(path: Path, start_python: StartPython) -> None:
    """The wait ends as soon as the file is free."""
    with open_warehouse(path):
        pass
    process = start_python(HOLD_AS_A_STRANGER, path)
    assert process.stdout
    assert process.stdin
    process.stdout.readline()
    with pytest.raises(WarehouseLocked), open_warehouse(path, busy_timeout_seconds=0):
        pass
    process.stdin.write("\n")
    process.stdin.flush()
    with open_warehouse(path, busy_timeout_seconds=30) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_one_of_ours_on_the_file_is_named(path: Path, start_python: StartPython) -> None:
    """Our own processes queue at the lock beside the file; when it takes too long, the holder is named."""
    process = start_python(HOLD_AS_ONE_OF_OURS, path)
    assert process.stdout
    process.stdout.readline()
    with pytest.raises(WarehouseLocked, match=str(process.pid)), open_warehouse(path, lock_timeout_seconds=0.1):
        pass


def test_a_killed_holder_blocks_nobody(path: Path, start_python: StartPython) -> None:
    """The locks of a dead process are free at once."""
    process = start_python(HOLD_AS_ONE_OF_OURS, path)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.wait()
    with open_warehouse(path, lock_timeout_seconds=5, busy_timeout_seconds=5) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_same_process_on_the_file_is_named(path: Path) -> None:
    """A forgotten connection of our own is as good a reason."""
    with open_warehouse(path):
        pass
    forgotten = duckdb.connect(path)
    with pytest.raises(WarehouseLocked, match=str(os.getpid())), open_warehouse(path, busy_timeout_seconds=0.1):
        pass
    forgotten.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "data").write_text("a file")
    with (
        pytest.raises(WarehouseUnwritable, match="ORDERGROOVE_WAREHOUSE"),
        open_warehouse(tmp_path / "data" / "w.duckdb"),
    ):
        pass


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """The setting names a folder."""
    with pytest.raises(WarehouseUnwritable, match="directory"), open_warehouse(tmp_path):
        pass


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """Root may write anywhere; for the time of the block it is nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_without_permission_can_be_read_only() -> None:
    """Another user's folder: writing is refused with the reason, reading needs no lock file."""
    with TemporaryDirectory() as name:  # not below tmp_path, which is its owner's alone
        folder = Path(name)
        path = folder / "w.duckdb"
        with open_warehouse(path):
            pass
        lock_path(path).unlink()
        path.chmod(0o444)
        folder.chmod(0o555)
        with without_roots_rights():
            with pytest.raises(WarehouseUnwritable, match="Permission denied"), open_warehouse(path):
                pass
            with open_warehouse(path, read_only=True) as connection:
                assert connection.execute("SELECT version FROM ops.schema_versions").fetchall() == [(VERSION,)]
        folder.chmod(0o700)


def test_a_full_disk_is_told_and_keeps_the_old_state(path: Path, start_python: StartPython) -> None:
    """A limit on the size of files stands in for the disk."""
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
    process = start_python(
        """
import resource, sys
from pathlib import Path
from og_assets.warehouse.connecting import lock_path, open_warehouse
from og_assets.warehouse.errors import WarehouseUnwritable
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    with open_warehouse(Path(sys.argv[1])) as connection:
        connection.execute("CREATE TABLE large AS SELECT uuid() FROM range(500000)")
except WarehouseUnwritable as error:
    print(error)
""",
        path,
    )
    output, errors = process.communicate(timeout=30)
    assert "cannot be written" in output, errors
    with open_warehouse(path) as connection:
        assert connection.execute("FROM kept").fetchall() == [(1,)]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(4096), b"{}", os.urandom(8192)])
def test_a_file_that_is_no_database_fails_at_once(tmp_path: Path, content: bytes) -> None:
    """What no wait can mend is not waited for."""
    path = tmp_path / "w.duckdb"
    path.write_bytes(content)
    started = time.monotonic()
    with pytest.raises(NotAWarehouse, match="ORDERGROOVE_WAREHOUSE"), open_warehouse(path):
        pass
    assert time.monotonic() - started < 2
    assert path.read_bytes() == content


@pytest.mark.parametrize("offset", [12, 100, 4100])
def test_a_damaged_database_is_told(path: Path, offset: int) -> None:
    """One overwritten piece of the headers or the catalog."""
    with open_warehouse(path):
        pass
    damaged = bytearray(path.read_bytes())
    damaged[offset : offset + 64] = b"\xff" * 64
    path.write_bytes(damaged)
    with pytest.raises(WarehouseError) as caught, open_warehouse(path):
        pass
    assert isinstance(caught.value, NotAWarehouse)


def test_a_schema_of_a_newer_release_is_refused(path: Path) -> None:
    """Neither written nor read: what a newer release means by it is not known."""
    with open_warehouse(path) as connection:
        connection.execute("INSERT INTO ops.schema_versions VALUES (99, now())")
    for read_only in (False, True):
        with pytest.raises(WarehouseFromTheFuture, match="version 99"), open_warehouse(path, read_only=read_only):
            pass


def test_reading_does_not_write(path: Path) -> None:
    """A read-only connection refuses to write and leaves the file as it is."""
    with open_warehouse(path):
        pass
    before = path.read_bytes()
    with open_warehouse(path, read_only=True) as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("CREATE TABLE a (b INTEGER)")
    assert path.read_bytes() == before


def test_reading_a_missing_warehouse(path: Path) -> None:
    """Reading makes neither file nor folder."""
    with pytest.raises(WarehouseMissing, match="Run `og sync`"), open_warehouse(path, read_only=True):
        pass
    assert not path.parent.exists()


def test_resource_is_found_where_dagster_people_look(path: Path) -> None:
    """`database` is a field as in DuckDBResource, and so are further DuckDB settings."""
    warehouse = WarehouseResource(database=str(path), connection_config={"default_order": "DESC"})
    with warehouse.get_connection() as connection:
        assert connection.execute("SELECT current_setting('default_order')").fetchone() == ("DESC",)
    assert path.exists()


def test_loading_needs_no_dagster(start_python: StartPython) -> None:
    """Commands and workers that only load or read start without Dagster's import time."""
    code = "import sys, og_assets.warehouse.load, og_assets.warehouse.connecting; print('dagster' in sys.modules)"
    assert start_python(code).communicate(timeout=30)[0] == "False\n"

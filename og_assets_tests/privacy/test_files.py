"""The files that hold what customers confided: nobody else reads them, and what was removed is gone from the disk."""

import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync.ingest import ingest
from og_assets.sync.pull import object_table
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.owner_only import new_files_for_owner_only
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.webhooks.inbox import Inbox, InboxEvent

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def generous_umask() -> Iterator[None]:
    """What most machines have: everybody may read."""
    before = os.umask(0o022)
    yield
    assert os.umask(before) == 0o022


def others_may(path: Path) -> int:
    """What somebody who is not the owner may do with a file or folder."""
    return stat.S_IMODE(path.stat().st_mode) & 0o077


def test_new_warehouse_inbox_and_staging_are_their_owners_alone(tmp_path: Path) -> None:
    """With everything that the databases put beside them while they work."""
    path = tmp_path / "warehouse.duckdb"
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE ordergroove.t AS SELECT 1")
        assert path.with_name("warehouse.duckdb.wal").exists()
        found = [file for file in tmp_path.iterdir() if file.name in ("warehouse.duckdb", "warehouse.duckdb.wal")]
        assert [others_may(file) for file in found] == [0, 0]
    with Staging(staging_folder(path), object_table(OBJECTS[0])) as staging:
        staging.write(b"{}")
        (area,) = (entry for entry in staging_folder(path).iterdir() if entry.is_dir())
        assert others_may(area) == 0
    inbox = Inbox(tmp_path / "inbox.sqlite")
    inbox.store(InboxEvent("e", None, None, NOW, b"{}"))
    files = [tmp_path / f"inbox.sqlite{suffix}" for suffix in ("", "-wal", "-shm")]
    assert [others_may(file) for file in files] == [0, 0, 0]
    inbox.close()


def test_a_mode_that_somebody_chose_is_left(tmp_path: Path) -> None:
    """Whoever lets a group read the warehouse did so on purpose."""
    path = tmp_path / "warehouse.duckdb"
    with open_warehouse(path):
        pass
    path.chmod(0o640)
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE ordergroove.t AS SELECT 1")
    assert others_may(path) == 0o040


def test_blocks_of_several_threads_restore_the_umask_once(tmp_path: Path) -> None:
    """The first sets it and the last restores it, in whatever order they end."""
    both_inside, first_left = threading.Barrier(2), threading.Event()

    def first() -> None:
        with new_files_for_owner_only():
            both_inside.wait(10)
        first_left.set()

    thread = threading.Thread(target=first)
    thread.start()
    with new_files_for_owner_only():
        both_inside.wait(10)
        assert first_left.wait(10)
        (tmp_path / "private").touch()
    thread.join()
    (tmp_path / "public").touch()
    assert others_may(tmp_path / "private") == 0
    assert others_may(tmp_path / "public") == 0o044


def test_trimmed_event_is_gone_from_the_file(tmp_path: Path) -> None:
    """SQLite leaves what is deleted readable in free pages, unless it is told to overwrite it."""
    inbox = Inbox(tmp_path / "inbox.sqlite")
    inbox.store(InboxEvent("old", "order.create", 1, NOW, b"Zq7Person" * 300))
    assert inbox.trim(inbox.highest(), NOW + timedelta(minutes=1)) == 1
    inbox.close()
    assert b"Zq7Person" not in b"".join(file.read_bytes() for file in tmp_path.glob("inbox.sqlite*"))


def test_old_events_are_trimmed_by_a_reading_that_finds_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webhooks may have been switched off weeks ago."""
    warehouse, inbox = WarehouseResource(database=str(tmp_path / "w.duckdb")), Inbox(tmp_path / "inbox.sqlite")
    inbox.store(InboxEvent("old", "order.create", 1, NOW - timedelta(days=1), b"{}"))
    ingest(inbox, warehouse, run_id="1", masking=KEEPING)
    monkeypatch.setattr("og_assets.sync.ingest.KEPT_IN_INBOX", timedelta(hours=1))
    assert ingest(inbox, warehouse, run_id="2", masking=KEEPING).read == 0
    assert inbox.after(0) == []
    inbox.close()


def test_what_a_killed_load_has_spilled_is_removed(tmp_path: Path) -> None:
    """DuckDB's files of a process that is gone hold rows in clear."""
    path = tmp_path / "warehouse.duckdb"
    spilled = tmp_path / "warehouse.duckdb.tmp" / "duckdb_temp_storage_DEFAULT-0.tmp"
    spilled.parent.mkdir()
    spilled.write_bytes(b"Zq7Person")
    with open_warehouse(path):
        assert not spilled.exists()

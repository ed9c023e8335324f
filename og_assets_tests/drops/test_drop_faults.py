"""Damaged files: what is whole in them is loaded, what is not is told, and the file as it should be mends all of it."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from og_assets.emulator.drop_faults import FAULTS, damage
from og_assets.emulator.drops import DropStyle, DropWriter
from og_assets.emulator.world import World
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.reports import BY_NAME
from og_assets.ordergroove.drops.source import LocalFolder
from og_assets.ordergroove.masking import KEEPING
from og_assets.sync.drops import DropReport, Drops, take
from og_assets_tests.held_warehouse import HeldWarehouse

DAY = date(2025, 6, 2)


@pytest.fixture(scope="module")
def order_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An order report of some lines."""
    world = World(seed=4, customers=300, now=datetime(2025, 6, 3, 12, tzinfo=UTC))
    [path] = DropWriter(world, tmp_path_factory.mktemp("drops"), style=DropStyle(only=["orders"])).write(DAY)
    assert len(path.read_bytes().splitlines()) > 5
    return path


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_whole_is_loaded_and_the_rest_is_told(
    fault: str, order_report: Path, tmp_path: Path, warehouse: HeldWarehouse
) -> None:
    body, modified = order_report.read_bytes(), order_report.stat().st_mtime
    outgoing = tmp_path / "outgoing"
    outgoing.mkdir()
    path = outgoing / order_report.name
    path.write_bytes(body)
    os.utime(path, (modified, modified))
    damage(path, fault)
    drops = Drops(LocalFolder(outgoing), Archive(tmp_path / "archive"), KEEPING, rest=lambda: None)

    def load() -> DropReport:
        return take(BY_NAME["orders"], drops, warehouse, run_id="run")

    found = load()
    header, *lines = body.splitlines()
    damaged = path.read_bytes().splitlines()
    has_header = bool(damaged) and damaged[0] == header
    whole = [line for line in lines if line in damaged] if has_header and not found.unreadable else []
    with warehouse.get_connection() as connection:
        [(rows, kept, told)] = connection.execute(
            "SELECT (SELECT count(*) FROM drops.orders), coalesce(sum(rows) - sum(quarantined), 0), any_value(problem)"
            " FROM ops.drop_files"
        ).fetchall()
        [(quarantined,)] = connection.execute("SELECT count(*) FROM ops.quarantine WHERE file IS NOT NULL").fetchall()
    assert rows == kept
    assert rows >= len(whole)
    assert found.counts.quarantined == quarantined
    assert bool(told) == bool(found.unreadable) == (fault == "gzip cut short")

    path.write_bytes(body)
    os.utime(path, (modified + 9, modified + 9))
    assert load().counts.loaded == len(lines)
    with warehouse.get_connection() as connection:
        assert connection.execute(
            "SELECT (SELECT count(*) FROM drops.orders), (SELECT count(*) FROM ops.quarantine)"
        ).fetchall() == [(len(lines), 0)]

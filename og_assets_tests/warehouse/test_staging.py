"""Rows on their way: segments, their sizes, and how a staging area goes away."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from warehouse_rows import ORDERS, line, order

from og_assets.warehouse import staging as staging_module
from og_assets.warehouse.errors import WarehouseUnwritable
from og_assets.warehouse.staging import Segment, Staging, staging_folder

StartPython = Callable[..., "subprocess.Popen[str]"]

STAGE_AND_WAIT = """
import sys
from pathlib import Path
from warehouse_rows import ORDERS, line, order
from og_assets.warehouse.staging import Staging
with Staging(Path(sys.argv[1]), ORDERS) as staging:
    staging.write(line(order("a")))
    print("staged", flush=True)
    sys.stdin.readline()
    print(staging.close_segment().path.stat().st_size > 0, flush=True)
"""


def rows_of(segment: Segment) -> list[dict[str, object]]:
    """What the segment holds."""
    return [msgspec.json.decode(text) for text in segment.path.read_bytes().splitlines()]


def test_rows_are_numbered_in_the_order_of_writing(tmp_path: Path) -> None:
    """Of two rows with one key the later wins, so each carries its place."""
    with Staging(tmp_path / "s", ORDERS) as staging:
        staging.write(line(order("a")))
        staging.write_page([line(order("b")), line(order("a"))])
        segment = staging.close_segment()
        assert segment
        assert segment.rows == 3
        assert [(row["public_id"], row["_row"]) for row in rows_of(segment)] == [("a", 0), ("b", 1), ("a", 2)]


def test_segments_follow_each_other(tmp_path: Path) -> None:
    """Each is its own file, and nothing staged is no segment."""
    with Staging(tmp_path / "s", ORDERS) as staging:
        assert staging.close_segment() is None
        staging.write(line(order("a")))
        first = staging.close_segment()
        staging.write_page([])
        assert staging.close_segment() is None
        staging.write(line(order("b")))
        second = staging.close_segment()
        assert first
        assert second
        assert first.path != second.path
        first.discard()
        assert not first.path.exists()
        assert len(rows_of(second)) == 1


def test_a_segment_is_full_after_its_pages_or_bytes(tmp_path: Path) -> None:
    """Empty pages count too: after a hundred of them a cursor is worth keeping."""
    with Staging(tmp_path / "s", ORDERS) as staging:
        for _ in range(staging_module.PAGES_PER_SEGMENT):
            assert not staging.is_full
            staging.write_page([])
        assert staging.is_full
        staging.close_segment()
        assert not staging.is_full
        staging.write(line(order("a", extra_data="x" * staging_module.BYTES_PER_SEGMENT)))
        assert staging.is_full


def test_staging_is_gone_afterwards_also_after_an_exception(tmp_path: Path) -> None:
    """Personal data does not lie about."""
    with pytest.raises(RuntimeError, match="inside"), Staging(tmp_path / "s", ORDERS) as staging:
        staging.write(line(order("a")))
        raise RuntimeError("inside")
    assert [entry.name for entry in (tmp_path / "s").iterdir()] == [".lock"]


def test_leftovers_of_a_killed_process_are_removed_and_the_living_are_left(
    tmp_path: Path, start_python: StartPython
) -> None:
    """The next one that starts tidies up; whoever is still at work is not disturbed."""
    folder = tmp_path / "s"
    killed, living = start_python(STAGE_AND_WAIT, folder), start_python(STAGE_AND_WAIT, folder)
    for process in (killed, living):
        assert process.stdout
        assert process.stdout.readline() == "staged\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with Staging(folder, ORDERS), Staging(folder, ORDERS):
        areas = [entry.name for entry in folder.iterdir() if entry.is_dir()]
        assert len(areas) == 3
        assert not any(f"-{killed.pid}-" in name for name in areas)
    assert living.communicate("\n", timeout=10)[0] == "True\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The staging folder lies beside the warehouse, so the setting to look at is the same."""
    (tmp_path / "data").write_text("a file")
    with (
        pytest.raises(WarehouseUnwritable, match="ORDERGROOVE_WAREHOUSE"),
        Staging(staging_folder(tmp_path / "data" / "w.duckdb"), ORDERS),
    ):
        pass

"""Exports: whole or not there, of one moment, and never in the way of what stands there already."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from warehouse_rows import begin, load, order

from og_assets.commands.export import ExportRefused, export
from og_assets.warehouse.connecting import open_warehouse

StartPython = Callable[..., "subprocess.Popen[str]"]

STOP_MIDWAY = """
import sys
from pathlib import Path
from og_assets.commands.export import export

def midway(table, rows, number, count):
    if number == count // 2:
        print("midway", flush=True)
        sys.stdin.readline()

export(Path(sys.argv[1]), Path(sys.argv[2]), replace=True, on_table=midway)
print("done", flush=True)
"""
LOAD_ONE_BY_ONE = """
import sys
from pathlib import Path
from warehouse_rows import begin, load, order
from og_assets.warehouse.connecting import open_warehouse
path = Path(sys.argv[1])
for number in range(int(sys.argv[2])):
    with open_warehouse(path, busy_timeout_seconds=0) as connection:
        load(connection, path, begin(connection), [order(f"{number}")], finished=True)
    print(number, flush=True)
"""


@pytest.fixture
def filled(path: Path) -> Path:
    """A warehouse with two orders."""
    with open_warehouse(path) as connection:
        load(connection, path, begin(connection), [order("a", status=1), order("b,\n", status=5)], finished=True)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an export goes; a name with what a pattern or SQL might take for its own."""
    return tmp_path / "exports" / "it's [1]"


def midway(process: "subprocess.Popen[str]") -> None:
    """Wait until an export has written half of its tables."""
    assert process.stdout
    line = process.stdout.readline()
    assert line == "midway\n", process.communicate()


def beside(folder: Path) -> list[str]:
    """What else there is where an export stands, its lock aside."""
    lock = f".{folder.name}.export.lock"
    return sorted(entry.name for entry in folder.parent.iterdir() if entry.name not in {folder.name, lock})


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_every_table_is_there_with_its_rows(filled: Path, folder: Path, format: str) -> None:
    """As folders by schema, with what it holds and of when; views only when they are asked for."""
    rows = export(filled, folder, format=format)
    manifest = json.loads((folder / "export.json").read_text())
    assert manifest["rows"] == rows
    assert manifest["format"] == format
    assert rows["ordergroove.orders"] == 2
    files = {f"{file.parent.name}.{file.stem}" for file in folder.glob(f"*/*.{format}")}
    assert files == set(rows)
    orders = str(folder / "ordergroove" / f"orders.{format}").replace("[", "[[]")
    found = (duckdb.read_parquet(orders) if format == "parquet" else duckdb.read_csv(orders)).order("public_id")
    assert [row[0] for row in found.fetchall()] == ["a", "b,\n"]
    assert "ordergroove.deletion_evidence" not in rows
    assert "ordergroove.deletion_evidence" in export(filled, folder, format=format, views=True, replace=True)
    assert beside(folder) == []


def test_who_may_read_an_export_is_what_the_umask_says(filled: Path, folder: Path) -> None:
    """It holds what the warehouse holds."""
    former = os.umask(0o027)
    try:
        export(filled, folder)
    finally:
        os.umask(former)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "ordergroove" / "orders.parquet").stat().st_mode & 0o007 == 0


def test_what_stands_there_is_not_replaced_unasked(filled: Path, folder: Path) -> None:
    """An export only with `replace`, anything else never."""
    export(filled, folder)
    with pytest.raises(ExportRefused, match="--replace"):
        export(filled, folder)
    (folder / "export.json").unlink()
    with pytest.raises(ExportRefused, match="no export of ours"):
        export(filled, folder, replace=True)
    (folder.parent / "file").write_text("mine")
    with pytest.raises(ExportRefused, match="is a file"):
        export(filled, folder.parent / "file", replace=True)
    assert (folder.parent / "file").read_text() == "mine"


def test_killed_midway_leaves_the_name_free(filled: Path, folder: Path, start_python: StartPython) -> None:
    """Nothing half-written stands under the name, and the next export clears up."""
    process = start_python(STOP_MIDWAY, filled, folder)
    midway(process)
    assert not folder.exists()
    process.kill()
    process.communicate()
    assert not folder.exists()
    assert len(beside(folder)) == 1
    export(filled, folder)
    assert (folder / "export.json").exists()
    assert beside(folder) == []


def test_killed_midway_leaves_the_former_export(filled: Path, folder: Path, start_python: StartPython) -> None:
    """Whoever reads the folder meanwhile notices nothing."""
    rows = export(filled, folder)
    process = start_python(STOP_MIDWAY, filled, folder)
    midway(process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert json.loads((folder / "export.json").read_text())["rows"] == rows
    assert len(list(folder.glob("*/*.parquet"))) == len(rows)


def test_killed_while_names_change_gives_the_former_export_back(filled: Path, folder: Path) -> None:
    """Between two renames the name is free for an instant; the next export starts with giving it back."""
    export(filled, folder)
    left = folder.parent / f".{folder.name}.export-abc"
    left.mkdir()
    folder.rename(left / "former")
    with pytest.raises(ExportRefused, match="holds an export already"):
        export(filled, folder)
    assert (folder / "export.json").exists()


def test_two_exports_to_one_folder_do_not_meet(filled: Path, folder: Path, start_python: StartPython) -> None:
    """The second is refused at once."""
    process = start_python(STOP_MIDWAY, filled, folder)
    midway(process)
    with pytest.raises(ExportRefused, match="Another export"):
        export(filled, folder)
    output, _ = process.communicate("\n")
    assert output == "done\n"


def test_an_export_while_loads_run_is_of_one_moment(filled: Path, folder: Path, start_python: StartPython) -> None:
    """Orders and the log of pulls, which one transaction writes, tell of the same pulls; every load succeeds."""
    loads = start_python(LOAD_ONE_BY_ONE, filled, 15)
    assert loads.stdout
    assert loads.stdout.readline() == "0\n"
    for number in range(3):
        target = folder.with_name(str(number))
        rows = export(filled, target)
        counted = duckdb.execute(
            f"SELECT (SELECT max(_sync_id) FROM '{target}/ordergroove/orders.parquet'),"
            f" (SELECT max(sync_id) FROM '{target}/ops/sync_runs.parquet')"
        ).fetchone()
        assert counted
        assert counted[0] == counted[1] == rows["ops.sync_runs"]
    _, errors = loads.communicate(timeout=60)
    assert loads.returncode == 0, errors


def test_a_folder_that_cannot_be_written_is_named(filled: Path, tmp_path: Path) -> None:
    """One sentence, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(ExportRefused, match="new could not be written"):
        export(filled, tmp_path / "file" / "new")

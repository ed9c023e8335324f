"""What a person sees of a run while it is under way."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.commands.watching import Screen
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.objects import OBJECTS
from og_assets.sync import live, progress_lines
from og_assets.sync.live import Spectator, shown_as
from og_assets.warehouse import connecting
from og_assets_tests.pulling import pull_one

ORDERS = next(object for object in OBJECTS if object.name == "orders")
HOLD = """
import sys
from pathlib import Path
from og_assets.warehouse.connecting import open_warehouse
with open_warehouse(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def spectator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spectator:
    """Somebody who watches."""
    monkeypatch.setenv(live.FOLDER, str(tmp_path))
    return Spectator(tmp_path)


def test_a_pull_says_what_it_does_and_how_far_it_is(
    spectator: Spectator, warehouse: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does once; how far it is, anew with each look, for as long as it runs."""
    monkeypatch.setattr(progress_lines, "SECONDS_BETWEEN_LOOKS", 0.0)
    with Emulator(World(customers=20)) as emulator, shown_as("orders"):
        assert spectator.running() == {"orders": ""}
        pulled = pull_one(emulator, warehouse, ORDERS, page_size=20)
        assert spectator.running()["orders"].startswith(
            f"{pulled.progress.pages} pages, {pulled.progress.records} records, "
        )
    assert ("orders", "pulls the whole history; there is no watermark yet") in list(spectator.said())
    assert list(spectator.said()) == []
    assert spectator.running() == {}


def test_nobody_watches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in the runs of the schedules: nothing is written, and the loggers are as they were."""
    monkeypatch.delenv(live.FOLDER, raising=False)
    handlers = list(live.log.handlers)
    with shown_as("orders"):
        live.log.warning("orders: something")
        assert live.log.handlers == handlers
    assert list(tmp_path.iterdir()) == []


def test_a_wait_for_the_warehouse_names_who_has_it(
    spectator: Spectator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the process, which may belong to another sync or to a person."""
    monkeypatch.setattr(connecting, "SECONDS_BEFORE_LOGGING", 0.05)
    path = tmp_path / "og.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        holder.stdout.readline()
        with pytest.raises(connecting.WarehouseLocked), shown_as("orders"):
            with connecting.open_warehouse(path, lock_timeout_seconds=0.2):
                pass
        holder.stdin.write("\n")
    ((step, line),) = spectator.said()
    assert step == "orders"
    assert line.startswith(f"waits for the warehouse {path}, which is in use by process {holder.pid}")


def test_a_terminal_shows_each_step_that_runs_and_a_pipe_a_line_for_all_that_is_said() -> None:
    """A line that does not fit is cut, so that the screen does not jump."""
    terminal, pipe = io.StringIO(), io.StringIO()
    for file, is_terminal in ((terminal, True), (pipe, False)):
        console = Console(file=file, width=60, force_terminal=is_terminal, color_system=None)
        screen = Screen(console, steps=18)
        screen.say("orders", "pulls the whole history; there is no watermark yet, and never was")
        screen.finish("customers", 1.25)
        screen.running = {"orders": "7 pages, 700 records, 100 a second"}
        if is_terminal:
            console.print(screen)
    assert " 1/18 " in terminal.getvalue()
    lines = [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert lines[1:] == [
        "   orders: pulls the whole history; there is no watermark y…",
        "      7 pages, 700 records, 100 a second",
    ]
    assert pipe.getvalue() == (
        "   orders: pulls the whole history; there is no watermark yet, and never was\n   customers: 1.2 s\n"
    )

"""`og dev`: the Dagster UI with its daemon, on the merchant of the key or on an emulated one."""

import sys
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic

from rich.console import Console

from og_assets.commands.child_process import child
from og_assets.commands.home import open_home, use_home
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.merchants import load_merchants
from og_assets.playground import merchant as playground

SECOND = timedelta(seconds=1)


def dev(console: Console, *, port: int) -> int:
    """Serve until Ctrl-C and return the exit code of `dagster dev`.

    Without ORDERGROOVE_API_KEY an emulated merchant is served beside it: the one of the last
    `og demo` where there was one, with a clock that goes with ours.
    """
    with ExitStack() as stack:
        folder = Path()
        if all(merchant.settings.api_key is None for merchant in load_merchants()):
            world = playground.last_world() or playground.new_world(seed=0, customers=400, behind=timedelta())
            folder = use_home(playground.point_at(stack.enter_context(Emulator(world))))
            stack.enter_context(_Following(world))
            console.print("No ORDERGROOVE_API_KEY: reading an emulated merchant into data/emulator.duckdb.")
        console.print(f"Dagster UI: http://127.0.0.1:{port}")
        command = ["dagster", "dev", "-m", "og_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
        open_home()
        try:
            with child([sys.executable, "-m", *command], cwd=folder) as process:
                return process.wait()
        except KeyboardInterrupt:
            return 0  # how it is meant to end


class _Following:
    """Moves a world's clock with this machine's for as long as the block lasts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="world clock", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        last = monotonic()
        while not self._stop.wait(1):
            passed = int(monotonic() - last)
            self._world.advance(passed * SECOND)
            last += passed

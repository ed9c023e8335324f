"""An Ordergroove that runs on this machine: a world of subscriptions behind a real HTTP server."""

from og_assets.emulator.api import KeyPermission
from og_assets.emulator.faults import Fault, Faults
from og_assets.emulator.server import EMULATOR_KEY, Emulator, run
from og_assets.emulator.world import World

__all__ = ["EMULATOR_KEY", "Emulator", "Fault", "Faults", "KeyPermission", "World", "run"]

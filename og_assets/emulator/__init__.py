"""An Ordergroove that runs on this machine: a world of subscriptions behind a real HTTP server."""

from og_assets.emulator.api import KeyPermission
from og_assets.emulator.faults import Fault, Faults
from og_assets.emulator.server import EMULATOR_KEY, Emulator, run
from og_assets.emulator.shop.habits import EASY
from og_assets.emulator.shop.hard import HARD
from og_assets.emulator.world import World

__all__ = ["EASY", "EMULATOR_KEY", "HARD", "Emulator", "Fault", "Faults", "KeyPermission", "World", "run"]

"""The emulated merchant that `og demo` and `og dev` share, kept as the recipe from which it is grown again."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from og_assets.emulator.server import EMULATOR_KEY, Emulator
from og_assets.emulator.shop.habits import EASY
from og_assets.emulator.shop.hard import HARD
from og_assets.emulator.world import World
from og_assets.environment import hand_over
from og_assets.merchants import VARIABLE

RECIPE = Path("data/emulator.json")
WAREHOUSE = Path("data/emulator.duckdb")
INBOX = Path("data/emulator_inbox.sqlite")
REPORT = Path("data/emulator_report")


def new_world(*, seed: int, customers: int, behind: timedelta, hard: bool = False) -> World:
    """A merchant whose clock is `behind` ours, so that the time until now can be simulated.

    What an earlier playground left in the warehouse of the emulator is removed.
    """
    now = datetime.now(UTC) - behind
    RECIPE.parent.mkdir(parents=True, exist_ok=True)
    for leftover in WAREHOUSE.parent.glob(f"{WAREHOUSE.name}*"):
        if leftover.is_file():
            leftover.unlink()
    world = World(seed, customers=customers, now=now, habits=HARD if hard else EASY)
    recipe = {"seed": seed, "customers": customers, "now": world.now.isoformat(), "days": 0, "hard": hard}
    RECIPE.write_text(json.dumps(recipe))
    return world


def simulate_day(world: World) -> None:
    """Let a day pass, and remember it in the recipe."""
    recipe = json.loads(RECIPE.read_text())
    world.simulate_day()
    RECIPE.write_text(json.dumps({**recipe, "days": recipe["days"] + 1}))


def last_world() -> World | None:
    """The merchant of the last playground, as it would be now; None when there was none."""
    if not RECIPE.exists() or not WAREHOUSE.exists():
        return None
    recipe = json.loads(RECIPE.read_text())
    world = World(
        recipe["seed"],
        customers=recipe["customers"],
        now=datetime.fromisoformat(recipe["now"]),
        habits=HARD if recipe.get("hard") else EASY,
    )
    for _ in range(recipe["days"]):
        world.simulate_day()
    behind = datetime.now(UTC) - world.now
    if behind > timedelta():
        world.advance(behind)
    return world


def point_at(emulator: Emulator) -> Path:
    """Make this process, and those it starts, read the emulator and write the emulator's own warehouse.

    Returns the home that Dagster is to use, so that it never shows the emulator's runs and days as a merchant's.
    Dagster's commands are to be started in it too: in a folder with an `.env`, they would put its lines, a real key
    or warehouse, over these settings.
    """
    os.environ[VARIABLE] = ""  # no merchants.toml
    os.environ["ORDERGROOVE_API_KEY"] = EMULATOR_KEY
    os.environ["ORDERGROOVE_BASE_URL"] = emulator.url
    os.environ["ORDERGROOVE_WAREHOUSE"] = str(WAREHOUSE.absolute())
    os.environ["ORDERGROOVE_WEBHOOK_INBOX"] = str(INBOX.absolute())
    os.environ["ORDERGROOVE_REPORT"] = str(REPORT.absolute())
    os.environ.pop("ORDERGROOVE_SOURCE_TZ", None)
    os.environ.pop("ORDERGROOVE_ALERT_URL", None)  # what happens to an emulated merchant is nobody's alarm
    hand_over()
    return Path(os.environ["DAGSTER_HOME"]) / "emulator"

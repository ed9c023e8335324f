"""Where a command line finds its settings and where Dagster keeps its state: `.env` and `.dagster` of this folder."""

import os
from pathlib import Path

from filelock import FileLock

from og_assets.environment import read_dotenv

PACKAGED_SETTINGS = Path(__file__).parents[1] / "dagster.yaml"
"""Dagster's settings where the current folder has none: the repository's file, linked into the package."""


def prepare_home() -> Path:
    """Read `.env`, and make sure that DAGSTER_HOME is set and has a `dagster.yaml`.

    Returns the home, as an absolute path: Dagster refuses another, and without one it keeps its runs in a folder that
    it deletes.
    """
    read_dotenv()
    return use_home(home())


def use_home(folder: Path) -> Path:
    """Make this absolute folder the DAGSTER_HOME of this process and of those that it starts."""
    os.environ["DAGSTER_HOME"] = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    linked = folder / "dagster.yaml"
    of_a_person = (Path("dagster.yaml").absolute(), folder.parent / "dagster.yaml")  # a home may lie in another one
    settings = next(filter(Path.exists, of_a_person), PACKAGED_SETTINGS)
    if not linked.exists():
        linked.unlink(missing_ok=True)  # a link that leads nowhere, after the folder was moved
        linked.symlink_to(settings)
    return folder


def home() -> Path:
    """Where Dagster keeps its state, whether it is there yet or not."""
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").expanduser().absolute()


def query_history() -> Path:
    """What was typed into `og query`."""
    return home() / "query_history"


def open_home() -> None:
    """Let Dagster make what it keeps in DAGSTER_HOME, while no other process does.

    Two processes that open an empty home at the same time both create its tables, and neither they nor any later one
    can use it then ("more than one head").
    """
    import dagster as dg

    with FileLock(home() / "opening.lock"), dg.DagsterInstance.get():
        pass

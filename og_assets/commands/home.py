"""Where a command line finds its settings and where Dagster keeps its state: `.env` and `.dagster` of this folder."""

import os
from pathlib import Path

from dotenv import load_dotenv


def prepare_home() -> Path:
    """Read `.env`, and make sure that DAGSTER_HOME is set and has this folder's `dagster.yaml`.

    A line of `.env` wins over a variable, as it does in Dagster's own commands. Returns the home, as an
    absolute path: Dagster refuses another, and without one it keeps its runs in a folder that it deletes.
    """
    load_dotenv(Path(".env"), override=True)
    home = Path(os.environ.get("DAGSTER_HOME") or ".dagster").expanduser().absolute()
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    settings, linked = Path("dagster.yaml").absolute(), home / "dagster.yaml"
    if settings.exists() and not linked.exists():
        linked.unlink(missing_ok=True)  # a link that leads nowhere, after the folder was moved
        linked.symlink_to(settings)
    return home

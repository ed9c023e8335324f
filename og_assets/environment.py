"""Which value a setting has: that of the environment, else that of the file `.env` in the current folder.

Dagster lays `.env` over the environment of each process that it starts, so there the file would win. What a command of
ours has found is therefore handed to Dagster's processes in a variable that no `.env` has, and restored in them.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values, load_dotenv

HANDED_OVER = "OG_ASSETS_ENVIRONMENT"


def read_dotenv() -> None:
    """Add the lines of `.env` to this process's environment, which wins, even where it is empty.

    Processes that this one starts agree, Dagster's too.
    """
    load_dotenv(Path(".env"), override=False)
    hand_over()


def settings_here() -> Mapping[str, str]:
    """The environment with the lines of `.env` below it, for a program whose environment is not ours to change."""
    return {**_lines(), **os.environ}


def sources(names: Iterable[str]) -> Mapping[str, list[str]]:
    """Where these settings come from: `environment`, `.env` or `default`, each with its settings.

    Asked after `read_dotenv`. A setting of the environment that has another value in `.env` is marked.
    """
    lines = _lines()
    found: dict[str, list[str]] = {"environment": [], ".env": [], "default": []}
    for name in names:
        if name not in os.environ:
            found["default"].append(name)
        elif lines.get(name) == os.environ[name]:
            found[".env"].append(name)
        else:
            found["environment"].append(f"{name} (not the line in .env)" if name in lines else name)
    return found


def hand_over() -> None:
    """Tell the processes that this one starts what the settings are now, whatever `.env` is laid over them."""
    os.environ[HANDED_OVER] = json.dumps({name: os.environ.get(name, "") for name in _lines()})


def restore() -> None:
    """In a process that Dagster has started: take back what `.env` has laid over the settings that were handed over."""
    handed = json.loads(os.environ.get(HANDED_OVER) or "{}")
    laid_over = {name for name, value in _lines().items() if os.environ.get(name) == value} if handed else set()
    os.environ.update({name: handed[name] for name in laid_over & handed.keys()})


def _lines() -> dict[str, str]:
    """The lines of `.env`: settings, and variables that merchants.toml names.

    DAGSTER_HOME, which Dagster reads before we can, is not among them: see .env.example.
    """
    return {
        name: value for name, value in dotenv_values(".env").items() if value is not None and name != "DAGSTER_HOME"
    }

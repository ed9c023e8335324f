"""Importing reads no setting: with an empty environment and with a broken one, nothing fails before it is used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT_ALL = """
import importlib, json, os, pkgutil, sys
import og_assets
names = [module.name for module in pkgutil.walk_packages(og_assets.__path__, "og_assets.")]
package, read = os.path.dirname(og_assets.__file__), []
def asks():
    # Whoever asks the environment, past what the standard library puts between: a library of others may ask its own.
    frame = sys._getframe(2)
    while frame.f_code.co_filename in (os.__file__, "<frozen os>", "<frozen _collections_abc>"):
        frame = frame.f_back
    return frame.f_code.co_filename
def watched(method):
    def asked(self, *arguments):
        if asks().startswith(package):
            read.append(["the environment", asks(), *arguments])
        return method(self, *arguments)
    return asked
for method in ("__getitem__", "__iter__", "__contains__", "__setitem__"):
    setattr(os._Environ, method, watched(getattr(os._Environ, method)))
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].endswith((".env", "merchants.toml")):
        read.append(arguments[0])
sys.addaudithook(watch)
for name in names:
    if not name.endswith("__main__") and name != "og_assets.warm_up":
        importlib.import_module(name)
unseen = list(read)
from og_assets.environment import settings_here, sources
settings_here()
sources(["ORDERGROOVE_PII"])
print(json.dumps({"modules": len(names), "read": unseen, "shown": len(read) - len(unseen)}))
"""
"""Imports all but what only a process of its own may import: the commands, and what the fork server starts with."""


@pytest.mark.parametrize("broken", [{}, {"ORDERGROOVE_START_DATE": "x", "ORDERGROOVE_PII": "maybe"}])
def test_every_module_can_be_imported_whatever_the_environment_says(tmp_path: Path, broken: dict[str, str]) -> None:
    """A broken `.env` and a broken merchants.toml beside it included: neither is opened, and no variable asked for."""
    (tmp_path / ".env").write_text("ORDERGROOVE_START_DATE=x\n")
    (tmp_path / "merchants.toml").write_text("[[[")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERGROOVE_", "DAGSTER_"))}
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        env={**bare, **broken},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert imported.returncode == 0, imported.stderr
    found = json.loads(imported.stdout)
    assert found["modules"] > 100
    assert found["read"] == []
    assert found["shown"] >= 3, "this would not have seen that something is read"
    assert {path.name for path in tmp_path.iterdir()} == {".env", "merchants.toml"}


def test_what_uses_a_broken_setting_says_which_one(tmp_path: Path) -> None:
    """One clear message, of the code location as of a command."""
    environment = {**os.environ, "ORDERGROOVE_START_DATE": "x", "DAGSTER_HOME": str(tmp_path)}
    for arguments in (
        ["-c", "import og_assets.definitions; og_assets.definitions.defs"],
        ["-m", "og_assets", "status"],
    ):
        used = subprocess.run(
            [sys.executable, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert used.returncode
        assert "ORDERGROOVE_START_DATE takes a day written YYYY-MM-DD" in used.stderr

"""The house stays as docs/architecture.md draws it: each folder imports only what stands below it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "og_assets"
DOCUMENT = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")


def drawn() -> Iterator[tuple[str, int]]:
    """The rooms of the document's table, each with its floor; those of one floor do not know each other."""
    for floor, names in re.findall(r"^\| (\d+) \| ([^|]+) \|", DOCUMENT, re.MULTILINE):
        for name in re.findall(r"`(\w+)(?:/|\.py)`", names):
            yield name, int(floor)


HEIGHT = {**dict(drawn()), "__main__": 99}
WITHOUT_DAGSTER = (
    "columns",
    "errors",
    "ordergroove",
    "warehouse",
    "settings",
    "emulator",
    "report",
    "merchants",
    "webhooks",
    "sync",
)


def rooms() -> Iterator[tuple[str, Path]]:
    """Every module of the package, with the room that it is in; the package's own first page is in none."""
    for path in sorted(PACKAGE.rglob("*.py")):
        first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if first != "__init__":
            yield first, path


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_is_in_a_room_of_a_floor_and_every_room_is_there() -> None:
    """A new folder or file at the root is drawn first, in the document."""
    assert {room for room, _ in rooms()} == HEIGHT.keys()


@pytest.mark.parametrize(("room", "path"), rooms(), ids=lambda value: value.name if isinstance(value, Path) else value)
def test_a_module_imports_only_what_stands_below_it(room: str, path: Path) -> None:
    """Or what is in its own room."""
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("og_assets.")}
    above = {other for other in ours & HEIGHT.keys() if other != room and HEIGHT[other] >= HEIGHT[room]}
    assert above == set(), path.relative_to(PACKAGE)


@pytest.mark.parametrize("room", WITHOUT_DAGSTER)
def test_what_reads_and_loads_knows_no_dagster(room: str) -> None:
    """So that commands, tests and other programs can use it without Dagster's seconds of imports."""
    users = {
        str(path.relative_to(PACKAGE))
        for where, path in rooms()
        if where == room and any(name.split(".")[0].startswith("dagster") for name in imported(path))
    }
    assert users == set()

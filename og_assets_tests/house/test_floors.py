"""The house stays as docs/architecture.md draws it: each folder imports only what stands below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "og_assets"
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"columns", "errors", "environment", "locking"}),
    frozenset({"ordergroove", "warehouse"}),
    frozenset({"settings", "emulator", "report"}),
    frozenset({"merchants"}),
    frozenset({"webhooks"}),
    frozenset({"sync"}),
    frozenset({"assets"}),
    frozenset({"playground", "automation"}),
    frozenset({"definitions"}),
    frozenset({"warm_up", "component"}),
    frozenset({"commands"}),
    frozenset({"__main__"}),
)
"""From the ground up; rooms of one floor do not know each other."""

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
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}


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


def test_every_module_is_in_a_room_of_a_floor() -> None:
    """A new folder or file at the root is drawn first, in the document and above."""
    assert {room for room, _ in rooms()} <= HEIGHT.keys()
    document = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert {room for room in HEIGHT if (PACKAGE / room).is_dir() and f"`{room}/`" not in document} == set()


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

"""A Dagster project with two emulated merchants, on nothing but the installed wheel. Started by `.ci/wheel`.

Both merchants have the same seed, and so the same keys in their tables; one is some days ahead. What of one got into
the warehouse of the other would be a difference.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml
from duckdb import DuckDBPyConnection

import og_assets
from og_assets.emulator.api import KeyPermission
from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.playground.comparison import compare, compare_deletions
from og_assets.sync.windows import CHICAGO

PACKAGE = Path(og_assets.__file__).parent
PROJECT = Path.cwd()
PYPROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "shops"
"""
DEFINITIONS = """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
Row = tuple[Any, ...]
BRIDGE = 'item, "order", subscription, customer, product, quantity, total_price, order_status, is_deleted'
TOTALS = '"order", customer, status, items, units, items_total, total, is_deleted'
DAYS_AHEAD = {"acme": 0, "zeta": 4}


def main() -> None:
    """Make the project, sync both merchants at once, compare, and see that the package is as it was installed."""
    before = _files()
    _check_wheel()
    _make_project()
    worlds = {name: _world(days) for name, days in DAYS_AHEAD.items()}
    with ExitStack() as stack:
        for name, world in worlds.items():
            emulator = stack.enter_context(Emulator(world, keys={f"key-of-{name}": KeyPermission()}))
            os.environ |= {f"{name.upper()}_API_KEY": f"key-of-{name}", f"{name.upper()}_URL": emulator.url}
        _configure(worlds)
        today = datetime.now(CHICAGO).date().isoformat()
        _run_at_once([["dg", "launch", "--job", f"{name}__sync", "--partition", today] for name in worlds])
    rows = sum(_compare(name, world) for name, world in worlds.items())
    shared = {object.name for object in OBJECTS if _keys("acme", object) & _keys("zeta", object)}
    assert {"orders", "items", "subscriptions", "customers"} <= shared, shared
    assert _files() == before, _files() ^ before
    print(f"wheel: 2 merchants synced in one project, {rows} rows of {len(OBJECTS)} tables each equal to their truth")


def _check_wheel() -> None:
    assert PACKAGE.is_relative_to(sys.prefix), PACKAGE
    names = {str(path) for path in distribution("og-assets").files or ()}
    assert "og_assets/py.typed" in names
    assert not any(name.startswith(("og_assets_tests", "tools", "bench")) for name in names)
    checkout = os.environ.pop("CHECKOUT").encode()
    assert not [path for path in _files() if checkout in (PACKAGE / path).read_bytes()]


def _make_project() -> None:
    (PROJECT / "pyproject.toml").write_text(PYPROJECT)
    (PROJECT / "shops" / "defs").mkdir(parents=True)
    (PROJECT / "shops" / "__init__.py").touch()
    (PROJECT / "shops" / "definitions.py").write_text(DEFINITIONS)
    home = PROJECT / ".dagster"
    home.mkdir()
    shutil.copy(PACKAGE / "dagster.yaml", home)
    os.environ.update(DAGSTER_HOME=str(home), PYTHONPATH=str(PROJECT), DAGSTER_DG_CLI_DISABLE_TELEMETRY="1")


def _world(days: int) -> World:
    world = World(seed=14, customers=8, now=datetime.now(UTC) - timedelta(days=5))
    for _ in range(days):
        world.simulate_day()
    return world


def _configure(names: Iterable[str]) -> None:
    """As a person would: find the component, scaffold each merchant, fill in its settings."""
    assert "og_assets.OrdergrooveComponent" in _dg("list", "components")
    for name in names:
        _dg("scaffold", "defs", "og_assets.OrdergrooveComponent", name)
        file = PROJECT / "shops" / "defs" / name / "defs.yaml"
        told = yaml.safe_load(file.read_text())
        assert told["attributes"] == {"name": name, "api_key": f"{{{{ env.{name.upper()}_API_KEY }}}}"}, told
        told["attributes"] |= {
            "base_url": f"{{{{ env.{name.upper()}_URL }}}}",
            "warehouse": "{{ context.project_root }}/data/{merchant}.duckdb",
            "schedules": False,
            "translation": {"owners": ["team:shops"], "group_name": f"{name}_{{{{ spec.key.path[1] }}}}"},
        }
        file.write_text(yaml.safe_dump(told))
    _dg("check", "yaml")
    listed = _dg("list", "defs")
    assert not any(f"key-of-{name}" in listed for name in names), "a key is shown"


def _dg(*arguments: str) -> str:
    finished = subprocess.run(["dg", *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode:
        sys.exit(f"dg {' '.join(arguments)}: {finished.stdout[-4000:]}{finished.stderr[-4000:]}")
    return finished.stdout


def _run_at_once(commands: Sequence[Sequence[str]]) -> None:
    subprocess.run(["dagster", "instance", "info"], check=True, capture_output=True)  # two at once would make it twice
    with ExitStack() as stack:
        logs = [stack.enter_context((PROJECT / f"sync-{number}.log").open("w+")) for number in range(len(commands))]
        running = [
            stack.enter_context(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))  # noqa: S603
            for command, log in zip(commands, logs, strict=True)
        ]
        failed = [log for process, log in zip(running, logs, strict=True) if process.wait()]
        for log in failed:
            log.seek(0)
            print(log.read()[-8000:])
        if failed:
            sys.exit("wheel: a sync failed")


def _compare(name: str, world: World) -> int:
    rows = 0
    with og_assets.open_warehouse(PROJECT / "data" / f"{name}.duckdb") as warehouse:
        for object in OBJECTS:
            found = compare(warehouse, world, object, KEEPING)
            assert found.is_equal, f"{name}: {object.name}: {found}"
            rows += found.rows
        deletions = compare_deletions(warehouse, world)
        assert deletions.is_equal, f"{name}: {deletions}"
        bridge, totals = _derived_from(world)
        assert_same(f"{name}: bridge", warehouse.execute(f"SELECT {BRIDGE} FROM analytics.items_orders_bridge"), bridge)
        assert_same(f"{name}: totals", warehouse.execute(f"SELECT {TOTALS} FROM analytics.order_totals"), totals)
    return rows


def _derived_from(world: World) -> tuple[list[Row], list[Row]]:
    """Bridge and totals as they must be after one sync, when nothing is known to be deleted."""
    orders = {order["public_id"]: order for order in world.truth("orders")}
    boxes: dict[str, list[Row]] = {order: [] for order in orders}
    for item in world.truth("items"):
        order = orders[item["order"]]
        row = (item["public_id"], item["order"], item["subscription"], order["customer"], item["product"])
        boxes[item["order"]].append((*row, item["quantity"], item["total_price"], order["status"], False))
    totals = [
        (
            *(id, order["customer"], order["status"]),
            *(len(boxes[id]), sum(row[5] for row in boxes[id]), sum((row[6] for row in boxes[id]), Decimal())),
            *(order["total"], False),
        )
        for id, order in orders.items()
    ]
    return [row for box in boxes.values() for row in box], totals


def assert_same(what: str, found: DuckDBPyConnection, expected: list[Row]) -> None:
    """Fail with the first rows that differ."""
    rows = found.fetchall()
    assert expected, what
    assert sorted(rows) == sorted(expected), f"{what}: {sorted(set(rows) ^ set(expected))[:4]}"


def _keys(name: str, object: OrdergrooveObject) -> set[tuple[str, ...]]:
    columns = ", ".join(f'"{column}"' for column in object.key)
    with og_assets.open_warehouse(PROJECT / "data" / f"{name}.duckdb") as warehouse:
        return set(warehouse.execute(f"SELECT {columns} FROM ordergroove.{object.name}").fetchall())


def _files() -> set[Path]:
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(PACKAGE) for path in found}


if __name__ == "__main__":
    main()

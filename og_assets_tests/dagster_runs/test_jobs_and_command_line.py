"""Real runs: the job `sync`, one asset on the command line, six assets at once again and again."""

import ast
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster_jobs import instance_in, materialize_on_the_command_line, run_jobs, today

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.emulator.server import Emulator
from og_assets.ordergroove.objects import OBJECTS
from og_assets_tests.load import SOAK
from og_assets_tests.pulling import assert_equals_world


def warehouse_of(variables: dict[str, str]) -> WarehouseResource:
    """The warehouse that an environment names."""
    return WarehouseResource(database=variables["ORDERGROOVE_WAREHOUSE"])


def test_figures_of_a_range_stand_on_its_last_day_and_a_full_refresh_reads_all_again(
    emulator: Emulator, variables: dict[str, str]
) -> None:
    """The UI shows the last day, and the state stays small; a full refresh sends no filter and changes no equal row."""
    days = (today() - timedelta(days=1), today())
    answers = run_jobs(
        variables,
        {"job": "sync", "days": days, "assets": ["orders"]},
        {"job": "full_refresh", "assets": ["orders"]},
    )
    assert all(answer["success"] for answer in answers)
    orders = emulator.world.count("orders")
    with instance_in(variables) as instance:
        key = dg.AssetKey(["ordergroove", "orders"])
        records = instance.fetch_materializations(key, limit=10).records
        shown = instance.get_latest_materialization_event(key).asset_materialization
    found = [(record.run_id, record.partition_key, record.asset_materialization.metadata) for record in records]
    of_sync = {partition: metadata for run_id, partition, metadata in found if run_id == answers[0]["run_id"]}
    last = of_sync[days[1].isoformat()]
    assert last["inserted"].value == last["records"].value == last["dagster/row_count"].value == orders
    assert last["dagster/table_name"].value == "ordergroove.orders"
    assert {"public_id", "_raw"} <= {column.name for column in last["dagster/column_schema"].value.columns}
    assert of_sync[days[0].isoformat()] == {}
    assert (shown.partition, shown.metadata["unchanged"].value) == (today().isoformat(), orders)
    assert [name for served in emulator.requests for name in served.request.query if name.endswith("_start")] == []
    with warehouse_of(variables).get_connection(read_only=True) as connection:
        counts = connection.execute("SELECT inserted, updated FROM ops.sync_runs ORDER BY sync_id").fetchall()
    assert counts == [(orders, 0), (0, 0)]


def test_today_and_then_four_hundred_past_days_are_materialized_on_the_command_line(
    emulator: Emulator, variables: dict[str, str]
) -> None:
    """Today is the whole history; past days are one pull that sends both bounds and leaves the watermark.

    All of them turn green, and neither they nor one old day again change a row.
    """
    warehouse = warehouse_of(variables)
    orders = [object for object in OBJECTS if object.name == "orders"]
    select = ("--select", "ordergroove/orders")
    first = materialize_on_the_command_line(variables, *select, "--partition", today().isoformat())
    assert first.returncode == 0, first.stderr
    assert_equals_world(emulator, warehouse, orders)
    with warehouse.get_connection(read_only=True) as connection:
        watermark = connection.execute("FROM ops.sync_state").fetchall()
        assert watermark
        rows = connection.execute("FROM ordergroove.orders ORDER BY public_id").fetchall()
    emulator.requests.clear()
    days = f"{today() - timedelta(days=400)}...{today() - timedelta(days=1)}"
    done = materialize_on_the_command_line(variables, *select, "--partition-range", days)
    assert done.returncode == 0, done.stderr
    again = materialize_on_the_command_line(variables, *select, "--partition", f"{today() - timedelta(days=20)}")
    assert again.returncode == 0, again.stderr
    firsts = [served.request.query for served in emulator.requests if served.request.object == "orders"]
    assert [{"updated_start", "updated_end"} <= set(query) for query in firsts if "cursor" not in query] == [True] * 2
    with warehouse.get_connection(read_only=True) as connection:
        assert connection.execute("FROM ops.sync_state").fetchall() == watermark
        assert connection.execute("FROM ordergroove.orders ORDER BY public_id").fetchall() == rows
        assert connection.execute("SELECT count(*) FROM ops.sync_runs").fetchone() == (3,)
    with instance_in(variables) as instance:
        green = instance.get_materialized_partitions(dg.AssetKey(["ordergroove", "orders"]))
        assert green >= {(today() - timedelta(days=age)).isoformat() for age in range(401)}


@pytest.mark.long
@pytest.mark.soak
def test_six_assets_at_once_again_and_again_without_a_lock_error(emulator: Emulator, variables: dict[str, str]) -> None:
    """Six step processes take turns on one file, again and again, and each run succeeds."""
    six = ["customers", "addresses", "payments", "subscriptions", "orders", "items"]
    runs = 20 if SOAK else 1
    answers = run_jobs(variables, *[{"job": "sync", "assets": six}] * runs)
    assert [failure for answer in answers for failure in answer["failures"]] == []
    with warehouse_of(variables).get_connection(read_only=True) as connection:
        outcomes = connection.execute("SELECT outcome, count(*) FROM ops.sync_runs GROUP BY ALL").fetchall()
    assert outcomes == [("succeeded", len(six) * runs)]


def test_definitions_load_without_key_network_or_database(tmp_path: Path) -> None:
    """A code location that needs a key to load cannot be looked at; what only people use is not even imported."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERGROOVE_", "DAGSTER_"))}
    loaded = subprocess.run(
        [sys.executable, "-c", "import og_assets.definitions, sys; print(sorted(sys.modules))"],
        env=bare,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
    imported = set(ast.literal_eval(loaded.stdout))
    assert imported.isdisjoint({"pandas", "uvicorn", "og_assets.emulator", "og_assets.commands.cli"})

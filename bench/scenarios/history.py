"""What keeping former states costs, beside the same without: a first load, 1,000 changes, and the disk."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from bench.generated import BY_NAME, warehouse_of
from bench.lab import Lab, measure_here
from bench.measure import Measurement
from bench.rounds import alternate, cpu, ratio
from bench.scenarios.scenario import Goal, Outcome, Scenario
from bench.scenarios.tables import CHANGED, segment_of
from og_assets.sync.pull import object_table
from og_assets.warehouse.connecting import open_warehouse
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.keeping import KEEP_FOR_GOOD, Keeping
from og_assets.warehouse.load import Batch, begin_sync, load_batch
from og_assets.warehouse.progress import SyncPlan
from og_assets.warehouse.staging import Segment, Staging, staging_folder
from og_assets.warehouse.tables import Table

ORDERS = object_table(BY_NAME["orders"])
OFF = Keeping(on=False)
STATES = 20
"""Rounds of changes after which the disk of states is measured."""


def _history(lab: Lab, rounds: int) -> Outcome:
    orders, changed = lab.records(200_000), lab.records(CHANGED)
    first = lab.records(100_000)
    with Staging(staging_folder(lab.new_folder() / "first"), ORDERS) as staging:
        staged = segment_of(staging, first, first)
        contestants = {
            "first load, with history": _first_load(lab, staged, ORDERS),
            "first load, without": _first_load(lab, staged, replace(ORDERS, versions=None)),
            "changes, with history": _changes(lab, orders, changed, KEEP_FOR_GOOD),
            "changes, without": _changes(lab, orders, changed, OFF),
        }
        found = alternate(contestants, rounds)
    return Outcome(
        found,
        [
            Goal(
                "the database's part of a first load, with history over without",
                ratio(found, "first load, with history", "first load, without", cpu),
                1.02,
            ),
            Goal(
                "the database's part of 1,000 changes, with history over without",
                ratio(found, "changes, with history", "changes, without", cpu),
                1.15,
            ),
        ],
        [f"A former state of an order takes {_bytes_per_state(lab, orders, changed):.0f} bytes of the file."],
    )


def _first_load(lab: Lab, segment: Segment, table: Table) -> Callable[[], Measurement]:
    def run() -> Measurement:
        path = lab.new_folder() / "bench.duckdb"
        return measure_here(lambda: _load(path, table, segment, KEEP_FOR_GOOD))

    return run


def _changes(lab: Lab, orders: int, changed: int, keeping: Keeping) -> Callable[[], Measurement]:
    path = lab.new_folder() / "bench.duckdb"
    warehouse_of(path, orders)

    def run() -> Measurement:
        with Staging(staging_folder(path), ORDERS) as staging:
            segment = segment_of(staging, orders, changed)
            return measure_here(lambda: _load(path, ORDERS, segment, keeping))

    return run


def _bytes_per_state(lab: Lab, orders: int, changed: int) -> float:
    """The growth of the file over that of one whose states are not kept, by the states in it."""
    sizes = []
    for keeping in (KEEP_FOR_GOOD, OFF):
        path = lab.new_folder() / "bench.duckdb"
        warehouse_of(path, orders)
        for _ in range(STATES):
            with Staging(staging_folder(path), ORDERS) as staging:
                _load(path, ORDERS, segment_of(staging, orders, changed), keeping)
        with open_warehouse(path) as connection:
            connection.execute("CHECKPOINT")
            used = connection.execute(
                "SELECT count(DISTINCT block_id) * 262144 FROM pragma_storage_info('history.orders_past')"
            ).fetchone()
            states = connection.execute("SELECT count(*) FROM history.orders_past").fetchone()
        sizes.append((used or (0,))[0])
        if keeping.on:
            kept = (states or (0,))[0]
    return float((sizes[0] - sizes[1]) / max(kept, 1))


def _load(path: Path, table: Table, segment: Segment, keeping: Keeping) -> None:
    with open_warehouse(path) as connection:
        ensure_objects(connection, [table])
        plan = SyncPlan(object_name="orders", run_id=str(uuid4()), mode="since_watermark", started_at=datetime.now(UTC))
        run = begin_sync(connection, plan)
        batch = Batch(segment=segment, watermark=datetime.now(UTC), finished=True)
        load_batch(connection, table, run, batch, keeping=keeping)


SCENARIOS = [Scenario("history", "Keeping the states that orders leave, beside not keeping them", 5, _history)]

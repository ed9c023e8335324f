"""Large tables: what a few changes cost, whether or not much is there already."""

import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pydantic_core import to_json

from bench.generated import BY_NAME, find_gone, load_again, warehouse_of
from bench.lab import Lab, WrongResult, measure_here
from bench.measure import Measurement
from bench.pages import Listing
from bench.rounds import alternate, own_wall, ratio, wall
from bench.scenarios.scenario import Goal, Outcome, Scenario
from og_assets.assets.derived import READ_BY_DERIVED
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.client import PAGE_SIZE
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import KEEPING
from og_assets.ordergroove.reader import Accepted, RecordReader
from og_assets.sync.pull import object_table
from og_assets.sync.staged_records import staged_line
from og_assets.warehouse.analytics import BRIDGE, ORDER_TOTALS, TOMBSTONES
from og_assets.warehouse.derive import Days, derive, prepare
from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.load import Batch, BatchCounts, Progress, begin_sync, load_batch
from og_assets.warehouse.progress import SyncPlan
from og_assets.warehouse.staging import Segment, Staging, staging_folder

CHANGED = 1_000


def _incremental(lab: Lab, rounds: int) -> Outcome:
    changed = lab.records(CHANGED)
    watermark = datetime.now(UTC)

    def ours(orders: int) -> Callable[[], Measurement]:
        prepared = lab.new_folder() / "bench.duckdb"
        warehouse_of(prepared, lab.records(orders), watermark=watermark)

        def pull() -> Measurement:
            database = lab.new_folder() / "bench.duckdb"
            shutil.copy(prepared, database)
            os.sync()  # else the first commit would wait for the copy
            lab.serve(records=lab.records(orders), changed=changed)
            measured = lab.pull_into(database, "orders")
            lab.check(database, "orders", only_changed=True)
            shutil.rmtree(database.parent)
            return measured

        return pull

    small, large = "our library, of 100,000", "our library, of 1,000,000"
    contestants = {small: ours(100_000), large: ours(1_000_000)}
    if lab.has_dlt:
        contestants["dlt, of 100,000"] = _dlt_incremental(lab, lab.records(100_000), changed)
    found = alternate(contestants, rounds)
    goals = [Goal("a pull into 1,000,000 over one into 100,000", ratio(found, large, small, own_wall), 1.2)]
    if lab.has_dlt:
        faster = ratio(found, "dlt, of 100,000", small, own_wall)
        goals.append(Goal("times faster than dlt into 100,000", faster, 4, at_least=True))
    return Outcome(found, goals)


def _dlt_incremental(lab: Lab, records: int, changed: int) -> Callable[[], Measurement]:
    prepared = lab.new_folder()
    lab.serve(records=records)
    lab.pull_with_dlt_into(prepared, "orders")

    def pull() -> Measurement:
        folder = lab.new_folder()
        shutil.copytree(prepared, folder, dirs_exist_ok=True)
        os.sync()
        lab.serve(records=records, changed=changed)
        measured = lab.pull_with_dlt_into(folder, "orders")
        lab.check(folder / "bench.duckdb", "orders")
        shutil.rmtree(folder)
        return measured

    return pull


def _nothing_changed(lab: Lab, rounds: int) -> Outcome:
    def ours(orders: int) -> Callable[[], Measurement]:
        database = lab.new_folder() / "bench.duckdb"
        warehouse_of(database, orders, watermark=datetime.now(UTC))
        return lambda: lab.pull_into(database, "orders")

    lab.serve(records=lab.records(100_000))
    found = alternate({"empty": ours(0), "of 1,000,000": ours(lab.records(1_000_000))}, rounds)
    return Outcome(
        found, [Goal("a pull into 1,000,000 over one into none", ratio(found, "of 1,000,000", "empty", own_wall), 1.25)]
    )


def _upsert(lab: Lab, rounds: int) -> Outcome:
    def ours(orders: int) -> Callable[[], Measurement]:
        warehouse = warehouse_of(lab.new_folder() / "bench.duckdb", orders)
        return lambda: _upsert_recent(warehouse, orders, lab.records(CHANGED))

    small, large = "into 1,000,000", "into 10,000,000"
    found = alternate({small: ours(lab.records(1_000_000)), large: ours(lab.records(10_000_000))}, rounds)
    return Outcome(found, [Goal("into 10,000,000 over into 1,000,000", ratio(found, large, small, wall), 4.5)])


def _upsert_recent(warehouse: WarehouseResource, orders: int, changed: int) -> Measurement:
    """The last orders change again, each round to other amounts."""
    table = object_table(BY_NAME["orders"])
    counts: list[BatchCounts] = []
    with Staging(staging_folder(warehouse.place.path), table) as staging:
        segment = segment_of(staging, orders, changed)

        def load() -> None:
            with warehouse.get_connection() as connection:
                plan = SyncPlan(
                    object_name="orders",
                    run_id=str(uuid4()),
                    mode="since_watermark",
                    started_at=datetime.now(UTC),
                )
                run = begin_sync(connection, plan)
                batch = Batch(
                    segment=segment,
                    progress=Progress(records=changed),
                    watermark=datetime.now(UTC),
                    finished=True,
                )
                counts.append(load_batch(connection, table, run, batch))

        measured = measure_here(load)
    if counts != [BatchCounts(updated=changed)]:
        raise WrongResult(f"{counts} instead of {changed} updated orders")
    return measured


def segment_of(staging: Staging, orders: int, changed: int) -> Segment:
    """The last `changed` orders with new amounts, as the reader makes them of their bodies."""
    now = datetime.now(UTC)
    reader = RecordReader(BY_NAME["orders"], SourceClock("UTC"), KEEPING)  # the generated stamps are UTC
    listing = Listing(BY_NAME["orders"], orders, 0, now)
    fetched_at = to_json(now)
    for position in range(listing.pages - changed // PAGE_SIZE, listing.pages):
        bodies = [{**body, "total": f"{random.uniform(0, 10**9):.4f}"} for body in json.loads(listing.page(position))]
        records = [reader.read(json.dumps(body).encode()) for body in bodies]
        staging.write_page(staged_line(record, fetched_at) for record in records if isinstance(record, Accepted))
    segment = staging.close_segment()
    assert segment
    return segment


def _derived(lab: Lab, rounds: int) -> Outcome:
    items = lab.records(10_000_000)
    orders = items * 2 // 5
    warehouse = warehouse_of(lab.new_folder() / "bench.duckdb", orders, items=items)
    with warehouse.get_connection() as connection:
        find_gone(connection, "items", every=1_000)
    for table in _DERIVED:
        _derive(warehouse, table)

    def after_a_change() -> Measurement:
        with warehouse.get_connection() as connection:
            version, first = random.randrange(1, 10_000), orders - orders // 100
            load_again(connection, BY_NAME["orders"], first, orders, version)
            load_again(connection, BY_NAME["items"], first * 5 // 2, items, version)
        return measure_here(lambda: [_derive(warehouse, table) for table in _DERIVED])

    sums: list[object] = []

    def rebuild() -> Measurement:
        sums.append(_sums(warehouse))
        measured = measure_here(lambda: [_derive(warehouse, table, rebuild=True) for table in _DERIVED])
        if sums.pop() != _sums(warehouse):
            raise WrongResult("deriving what changed and deriving everything do not agree")
        return measured

    changed, full = "1 % of the orders changed", "everything anew"
    found = alternate({changed: after_a_change, full: rebuild}, rounds)
    return Outcome(found, [Goal("what changed over everything anew", ratio(found, changed, full, wall), 0.06)])


_DERIVED = (TOMBSTONES, BRIDGE, ORDER_TOTALS)


def _derive(warehouse: WarehouseResource, table: DerivedTable, *, rebuild: bool = False) -> None:
    """What the asset of a derived table does in a sync of today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with warehouse.get_connection() as connection:
        prepare(connection, READ_BY_DERIVED)
        derive(connection, table, days=Days(today, today + timedelta(days=1)), rebuild=rebuild)


def _sums(warehouse: WarehouseResource) -> object:
    with warehouse.get_connection(read_only=True) as connection:
        return connection.execute(
            "SELECT (SELECT sum(hash(bridge)) FROM analytics.items_orders_bridge AS bridge),"
            " (SELECT sum(hash(totals)) FROM analytics.order_totals AS totals)"
        ).fetchall()


SCENARIOS = [
    Scenario("incremental", "1,000 changed orders, from all over the table, without latency", 3, _incremental),
    Scenario("unchanged", "A pull when nothing changed", 7, _nothing_changed),
    Scenario("upsert", "The database's part of 1,000 changed recent orders", 5, _upsert),
    Scenario("derived", "Tombstones, bridge and totals of 10,000,000 items in 4,000,000 orders", 3, _derived),
]

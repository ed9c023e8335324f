"""How often what has no time filter is read whole: in every sync, or, where that takes long, in the one at night.

What is left to the night is looked up one by one in between, where changed rows name it.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection
from pydantic_core import to_json

from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.objects import BY_NAME, OrdergrooveObject
from og_assets.ordergroove.reader import Accepted
from og_assets.settings import ReadEvery
from og_assets.sync.forgetting import forgetful
from og_assets.sync.logged_run import logged_run
from og_assets.sync.pull import PullReport, object_table
from og_assets.sync.source import Source
from og_assets.sync.staged_records import staged_line
from og_assets.sync.windows import last_evening
from og_assets.warehouse.forgotten import NOBODY, read_forgotten, require_same
from og_assets.warehouse.history import ensure_objects
from og_assets.warehouse.load import Batch, load_batch
from og_assets.warehouse.progress import Progress, QuarantinedRecord, SyncPlan
from og_assets.warehouse.staging import Staging, staging_folder
from og_assets.warehouse.status import WholeReading, last_whole_reading, named_keys
from og_assets.warehouse.warehouse import Warehouse

log = logging.getLogger("og_assets")

LONG = timedelta(minutes=5)
"""An object whose whole list took as long as this is read at night, unless a setting says otherwise."""
MODE = "look_up"
"""`ops.sync_runs.mode` of looking up what changed rows name."""
LOOKED_UP_AT_MOST = 1_000
"""So many are looked up after a pull, those that the warehouse does not have first; the night brings the others."""
UNANSWERED_AT_MOST = 3
"""After so many look-ups without an answer the rest is left to the night too."""


def waits_for_night(last: WholeReading | None, read_every: ReadEvery | None, now: datetime) -> bool:
    """Whether a sync at `now` (aware) leaves the whole list to the sync at night.

    `last` is the last whole reading, `read_every` what was set for the object; None: as long as that took.
    A night that was missed is made up for by the next sync.
    """
    return last is not None and is_left_to_the_night(last, read_every) and last.started_at >= last_evening(now)


def is_left_to_the_night(last: WholeReading, read_every: ReadEvery | None) -> bool:
    """Whether the object is read once a night: so it was set, or, where nothing was, reading it took long."""
    return read_every is ReadEvery.NIGHT or (read_every is None and last.took >= LONG)


def what_waits(
    objects: Iterable[OrdergrooveObject], warehouse: Warehouse, read_every: Mapping[str, ReadEvery]
) -> dict[str, WholeReading]:
    """Those of the objects that a sync leaves to the night now, each with its last whole reading."""
    asked = [object for object in objects if not object.is_incremental]
    if not asked or not warehouse.place.exists():
        return {}
    now = datetime.now(UTC)
    with warehouse.get_connection() as connection:
        readings = {object.name: last_whole_reading(connection, object.name) for object in asked}
    return {
        name: reading
        for name, reading in readings.items()
        if reading is not None and waits_for_night(reading, read_every.get(name), now)
    }


def look_up_named(
    object: OrdergrooveObject,
    report: PullReport,
    named: OrdergrooveObject,
    source: Source,
    warehouse: Warehouse,
    *,
    run_id: str,
) -> int:
    """Look up those of `named` that rows which a pull of `object` wrote refer to; how many were found and loaded.

    One that Ordergroove does not answer for is left to the night. Raises WarehouseError.
    """
    columns = [column for column, target in object.references.items() if target == named.name]
    table = object_table(named)
    forgotten = NOBODY
    keys: list[str] = []
    total = 0

    def plan(connection: DuckDBPyConnection) -> SyncPlan:
        nonlocal forgotten, keys, total
        ensure_objects(connection, [table])
        forgotten = read_forgotten(connection)
        keys, total = named_keys(connection, object.name, columns, table, report.sync_id, LOOKED_UP_AT_MOST)
        started = datetime.now(UTC)
        return SyncPlan(
            object_name=named.name,
            run_id=run_id,
            mode=MODE,
            filters={"named_by": object.name, "keys": len(keys)},
            window_start=report.started_at,
            window_end=started,
            started_at=started,
        )

    with logged_run(warehouse, plan) as run, Staging(staging_folder(warehouse.place), table) as staging:
        reader = forgetful(named, source, forgotten)
        refused: list[QuarantinedRecord] = []
        found = unanswered = 0
        for key in keys:
            asked_at = datetime.now(UTC)
            try:
                body = source.client.retrieve(named, key)
            except OrdergrooveError as error:
                log.warning("%s It is left to the sync at night, which reads all %s.", error, named.name)
                unanswered += 1
                if unanswered == UNANSWERED_AT_MOST:
                    break
                continue
            record = reader.read(body) if body is not None else None
            if isinstance(record, Accepted):
                staging.write(staged_line(record, to_json(asked_at)))
                found += 1
            elif record is not None:
                refused.append(QuarantinedRecord(record.reason, record.raw, record.digest))
        segment = staging.close_segment()
        progress = Progress(requests=len(keys), records=found + len(refused))
        with warehouse.get_connection() as connection:
            batch = Batch(segment=segment, progress=progress, quarantined=refused, finished=True, lists_all=False)
            require_same(connection, forgotten)
            load_batch(connection, table, run, batch, keeping=warehouse.keeping)
    log.info("%s: %d of %d that changed %s name were looked up", named.name, len(keys), total, object.name)
    return found


def looked_up_after(object: OrdergrooveObject) -> tuple[OrdergrooveObject, ...]:
    """What rows of the object refer to, is only listed whole, and can be looked up one by one."""
    targets = (BY_NAME[name] for name in dict.fromkeys(object.references.values()))
    return tuple(target for target in targets if target.retrievable and not target.is_incremental)

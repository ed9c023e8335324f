"""Days that a run has brought without being asked for them, as Dagster shows them.

A sync reads all that has changed since the last one, whatever days its run names, and the first one all of history.
Without a word of it Dagster would show these days as missing, or as failed where an earlier run for them has failed.
"""

import time
from collections.abc import Sequence

import dagster as dg
from dagster._core.events import DagsterEvent, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.storage.event_log import EventLogStorage, SqliteEventLogStorage

from og_assets.sync.windows import PullMode

PULL_MODE_TAG = "og_assets/pull_mode"
"""Run tag by which a job says how far its pulls reach back; without it a run pulls the days of its partitions."""

UP_TO_DATE = {PullMode.SINCE_WATERMARK.value, PullMode.WHOLE_HISTORY.value}
"""Modes of runs that bring their assets up to date, and not only the days that they name."""

AT_ONCE = 500
"""Events in one statement; SQLite takes 32,766 values, of which an event has seven."""


def mark_covered(context: dg.AssetExecutionContext, *, complete: bool = False) -> None:
    """Let every day up to today be shown as materialized, when the run leaves none out.

    It does not as a sync or a full refresh, nor when what it read was `complete`. Days that are shown so already stay
    as they are; those that the run names get their figures from Dagster.
    """
    if not complete and context.run.tags.get(PULL_MODE_TAG) not in UP_TO_DATE:
        return
    instance, asset = context.instance, context.asset_key
    attempted = instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(
        asset
    )
    done = instance.get_materialized_partitions(asset) - attempted.keys()
    days = context.assets_def.partitions_def
    assert days is not None  # noqa: S101 - every asset of ours has days
    covered = [day for day in days.get_partition_keys() if day not in done and day not in set(context.partition_keys)]
    if covered:
        description = f"By run {context.run.run_id[:8]}."  # once an asset and day: each letter counts
        now = round(time.time(), 3)  # one for all: the UI lists events of one instant as one
        _store(instance.event_log_storage, [_materialization(asset, day, description, now) for day in covered])
        context.log.info("%d other days are up to date with this run too", len(covered))


def _materialization(asset: dg.AssetKey, day: str, description: str, timestamp: float) -> EventLogEntry:
    """What `DagsterInstance.report_runless_asset_event` stores. No run's, so that it outlives runs that are deleted."""
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        event_specific_data=StepMaterializationData(
            dg.AssetMaterialization(asset_key=asset, partition=day, description=description)
        ),
        job_name=RUNLESS_JOB_NAME,
    )
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level="debug",
        user_message="",
        run_id=RUNLESS_RUN_ID,
        timestamp=timestamp,
        job_name=RUNLESS_JOB_NAME,
        dagster_event=event,
    )


def _store(storage: EventLogStorage, events: Sequence[EventLogEntry]) -> None:
    """Store events of one asset at once.

    Dagster's own batch is a loop over SQLite, with three transactions an event: minutes for some years of days.
    """
    if not isinstance(storage, SqliteEventLogStorage):
        storage.store_event_batch(events)
        return
    statements = [
        storage.prepare_insert_event_batch(events[start : start + AT_ONCE]) for start in range(0, len(events), AT_ONCE)
    ]
    with storage.index_transaction() as connection:
        for statement in statements:
            connection.execute(statement)

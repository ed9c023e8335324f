"""The jobs of one merchant, what a run over days is told, and the executor."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import partial

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from og_assets.assets.covered_days import PULL_MODE_TAG
from og_assets.assets.drops import DERIVED
from og_assets.assets.scope import Scope
from og_assets.sync.windows import PullMode

# Steps are processes forked from a server that has everything imported: a step then costs its own work, not seconds
# of imports. At most five objects are read at a time (API reference: pagination).
executor = dg.multiprocess_executor.configured(
    {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["og_assets.warm_up"]}}}
)
"""Each job brings it along, since a code location that has more than ours has an executor of its own choice."""


def build_jobs(scope: Scope, assets: Iterable[dg.AssetsDefinition]) -> dict[str, Job]:
    """The jobs by the names that they have in the documents. They run assets whatever a project calls their groups."""
    groups: dict[str | None, list[dg.AssetKey]] = defaultdict(list)
    for spec in (spec for asset in assets for spec in asset.specs):
        groups[spec.group_name].append(spec.key)
    objects, events, operations, derived, marts, drops = (
        dg.AssetSelection.assets(*groups[scope.named(group)])
        for group in ("objects", "events", "operations", "analytics", "marts", "drops")
    )
    analytics = derived | marts
    everything = objects | events | operations | analytics
    if scope.merchant.settings.drops is not None:
        everything |= dg.AssetSelection.assets(*(scope.key(table.schema, table.name) for table in DERIVED))
    job = partial(dg.define_asset_job, executor_def=executor)
    jobs = {
        "sync": job(
            scope.named("sync"),
            selection=everything,
            tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
            description="Everything since the last sync: what the schedules run. The first one pulls the whole "
            "history. Choose the partition *Latest*: whichever days are chosen, all changes up to now are read.",
        ),
        "full_refresh": job(
            scope.named("full_refresh"),
            selection=everything,
            tags={PULL_MODE_TAG: PullMode.WHOLE_HISTORY.value},
            description="Reads the whole history again, whatever the watermarks say and **whichever days are "
            "chosen**: hours, for a large merchant. Choose the partition *Latest*.",
        ),
        "reconcile_deletions": job(
            scope.named("reconcile_deletions"),
            selection=events | operations | analytics,
            description="Finds deleted orders and items without pulling: webhooks, then the sweep, then what is "
            "derived. It looks at all that is open; choose the partition *Latest*.",
        ),
        "ingest_events": job(
            scope.named("ingest_events"),
            selection=events | derived,  # marts end with the last sync, and cost too much for each batch
            description="What webhooks brought, into the warehouse and the derived tables; what the sensor asks for. "
            "Marts wait for the next sync. All of it is moved; choose the partition *Latest*.",
        ),
    }
    if scope.merchant.settings.drops is not None:
        jobs["load_drops"] = job(
            scope.named("load_drops"),
            selection=drops,
            tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
            description="New file drops, and what is derived from drops and API; what the sensor asks for.",
        )
    return jobs


def range_tags(first_day: date, last_day: date) -> dict[str, str]:
    """The tags that make one run of a range of daily partitions, both days included."""
    return {ASSET_PARTITION_RANGE_START_TAG: first_day.isoformat(), ASSET_PARTITION_RANGE_END_TAG: last_day.isoformat()}

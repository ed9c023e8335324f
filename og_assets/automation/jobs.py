"""The jobs of one merchant, what a run over days is told, and the executor."""

from datetime import date

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from og_assets.assets.covered_days import PULL_MODE_TAG
from og_assets.assets.drops import DERIVED
from og_assets.assets.scope import Scope
from og_assets.sync.windows import PullMode


def build_jobs(scope: Scope) -> dict[str, Job]:
    """The jobs by the names that they have in the documents."""
    objects, events, operations, analytics = (
        dg.AssetSelection.groups(scope.named(group)) for group in ("objects", "events", "operations", "analytics")
    )
    everything = objects | events | operations | analytics
    if scope.merchant.settings.drops is not None:
        everything |= dg.AssetSelection.assets(*(scope.key("analytics", derived.table) for derived in DERIVED))
    jobs = {
        "sync": dg.define_asset_job(
            scope.named("sync"),
            selection=everything,
            tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
            description="Everything since the last sync: what the schedules run. The first one pulls the whole "
            "history. Choose the partition *Latest*: whichever days are chosen, all changes up to now are read.",
        ),
        "full_refresh": dg.define_asset_job(
            scope.named("full_refresh"),
            selection=everything,
            tags={PULL_MODE_TAG: PullMode.WHOLE_HISTORY.value},
            description="Reads the whole history again, whatever the watermarks say and **whichever days are "
            "chosen**: hours, for a large merchant. Choose the partition *Latest*.",
        ),
        "reconcile_deletions": dg.define_asset_job(
            scope.named("reconcile_deletions"),
            selection=events | operations | analytics,
            description="Finds deleted orders and items without pulling: webhooks, then the sweep, then what is "
            "derived. It looks at all that is open; choose the partition *Latest*.",
        ),
        "ingest_events": dg.define_asset_job(
            scope.named("ingest_events"),
            selection=events | analytics,
            description="What webhooks brought, into the warehouse; what the sensor asks for. All of it is moved; "
            "choose the partition *Latest*.",
        ),
    }
    if scope.merchant.settings.drops is not None:
        jobs["load_drops"] = dg.define_asset_job(
            scope.named("load_drops"),
            selection=dg.AssetSelection.groups(scope.named("drops")),
            tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
            description="New file drops, and what is derived from drops and API; what the sensor asks for.",
        )
    return jobs


def range_tags(first_day: date, last_day: date) -> dict[str, str]:
    """The tags that make one run of a range of daily partitions, both days included."""
    return {ASSET_PARTITION_RANGE_START_TAG: first_day.isoformat(), ASSET_PARTITION_RANGE_END_TAG: last_day.isoformat()}


# Steps are processes forked from a server that has everything imported: a step then costs its own work, not seconds
# of imports. At most five objects are read at a time (API reference: pagination).
executor = dg.multiprocess_executor.configured(
    {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["og_assets.warm_up"]}}}
)

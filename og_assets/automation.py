"""When things run and how: jobs, schedules, the executor."""

from datetime import date

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from og_assets.assets.objects import PULL_MODE_TAG
from og_assets.partitions import PullMode

sync = dg.define_asset_job(
    "sync",
    selection=dg.AssetSelection.groups("objects"),
    tags={PULL_MODE_TAG: PullMode.SINCE_WATERMARK.value},
    description="Everything since the last sync: what the schedules run. The first one pulls the whole history.",
)
full_refresh = dg.define_asset_job(
    "full_refresh",
    selection=dg.AssetSelection.groups("objects"),
    tags={PULL_MODE_TAG: PullMode.WHOLE_HISTORY.value},
    description="The whole history again, whatever the watermarks say.",
)
jobs = [sync, full_refresh]

# Steps are processes forked from a server that has everything imported: a step then costs its own work, not 5 s of
# imports. At most five objects are read at a time (API reference: pagination).
executor = dg.multiprocess_executor.configured(
    {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["og_assets.warm_up"]}}}
)
schedules: list[dg.ScheduleDefinition] = []


def range_tags(first_day: date, last_day: date) -> dict[str, str]:
    """The tags that make one run of a range of daily partitions, both days included."""
    return {ASSET_PARTITION_RANGE_START_TAG: first_day.isoformat(), ASSET_PARTITION_RANGE_END_TAG: last_day.isoformat()}


"""When things run and how: jobs, schedules, the executor."""

import dagster as dg

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

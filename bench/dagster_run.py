"""Our pipeline as Dagster runs it: one run of a job with our executor, each step in a process.

    python -m bench.dagster_run sync|empty [orders items ...]

The environment names DAGSTER_HOME, merchant and warehouse. Without names of objects the whole job runs.
"""

import sys
from datetime import datetime

import dagster as dg

from og_assets.automation.jobs import range_tags
from og_assets.sync.windows import CHICAGO

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def main(job: str, *objects: str) -> None:
    """Run, for today; exits with 1 when the run fails."""
    if job == "sync":
        from bench.our_sync import sync_job as definition
    else:
        from bench.empty_sync import empty_job as definition
    today = datetime.now(CHICAGO).date()
    with dg.DagsterInstance.get() as instance:
        result = dg.execute_job(
            dg.reconstructable(definition),
            instance=instance,
            tags=range_tags(today, today),
            run_config=_QUIET,
            asset_selection=[dg.AssetKey(["ordergroove", name]) for name in objects] or None,
        )
    failures = [event.message for event in result.all_events if event.is_failure]
    failures += [str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure]
    sys.exit("\n".join(map(str, failures)) if failures or not result.success else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

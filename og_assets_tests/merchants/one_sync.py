"""The sync of one merchant of merchants.toml, for a few objects; as a program, in a process of its own."""

import json
import sys

import dagster as dg

from og_assets.assets.scope import Scope
from og_assets.automation.jobs import range_tags
from og_assets.definitions import build_defs
from og_assets.merchants import Merchant, chosen, load_merchants

READ = ("customers", "orders")


def sync(instance: dg.DagsterInstance, merchants: tuple[Merchant, ...], name: str) -> dg.ExecuteInProcessResult:
    """The job of one merchant; a request is tried for two seconds only."""
    (merchant,) = chosen(merchants, name)
    scope = Scope(merchant)
    today = scope.days.get_last_partition_key()
    assert today
    impatient = {
        "merchant": name,
        "api_key": {"env": merchant.secrets["api_key"]},
        "base_url": merchant.settings.base_url,
        "source_tz": merchant.settings.source_tz,
        "personal_data": merchant.settings.personal_data.value,
        "retry_budget_seconds": 2,
    }
    return (
        build_defs(merchants)
        .resolve_job_def(scope.named("sync"))
        .execute_in_process(
            instance=instance,
            tags=range_tags(*2 * [scope.days.time_window_for_partition_key(today).start.date()]),
            asset_selection=[scope.key("ordergroove", object_name) for object_name in READ],
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "resources": {scope.named("ordergroove"): {"config": impatient}},
            },
            raise_on_error=False,
        )
    )


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        run = sync(instance, load_merchants(), sys.argv[1])
    failed = [event.step_failure_data.error for event in run.all_events if event.is_step_failure]
    print(json.dumps([error.message for error in failed if error]))  # noqa: T201 - the answer to the test

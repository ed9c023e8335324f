"""What Dagster knows of the code location, as lines that can be compared: a change of the graph is a readable diff.

`python -m og_assets_tests.assets.definitions_outline` writes the outline that the test holds against the code.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from og_assets.definitions import build_defs
from og_assets.merchants import Merchant
from og_assets.settings import Settings

OUTLINE = Path(__file__).parent / "definitions.txt"


def merchant(name: str = "") -> Merchant:
    """A merchant with every setting's default."""
    return Merchant(Settings.from_environment({}), name)


def outline(definitions: dg.Definitions) -> Iterator[str]:
    """Assets with groups, edges, pools and checks; then jobs, schedules, sensors and resources."""
    repository = definitions.get_repository_def()
    nodes = sorted(repository.asset_graph.asset_nodes, key=lambda node: node.key.to_user_string())
    for node in nodes:
        days = node.partitions_def
        yield f"asset {node.key.to_user_string()}"
        pools = ", ".join(sorted(node.pools or ())) or "none"
        yield f"  group {node.group_name}; kinds {', '.join(sorted(node.kinds))}; pools {pools}"
        if days is None:
            yield "  no partitions"
        else:
            policy = node.backfill_policy.policy_type.value  # type: ignore[union-attr]
            yield f"  partitions {type(days).__name__} {days.start:%Y-%m-%d %Z}; {policy}"  # type: ignore[attr-defined]
        yield f"  after {', '.join(sorted(key.to_user_string() for key in node.parent_keys)) or 'nothing'}"
        for key in sorted(node.check_keys, key=lambda key: key.name):
            spec = repository.asset_graph.get_check_spec(key)
            yield f"  check {key.name}{' (blocking)' if spec.blocking else ''}"
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        if not job.name.startswith("__"):
            keys = sorted(key.to_user_string() for key in job.asset_layer.selected_asset_keys)
            tags = ", ".join(f"{name}={value}" for name, value in sorted(job.tags.items()))
            yield f"job {job.name}; tags {tags or 'none'}; {len(keys)} assets"
            yield from _wrapped(keys)
    for schedule in sorted(repository.schedule_defs, key=lambda one: one.name):
        yield f"schedule {schedule.name} {schedule.cron_schedule} {schedule.execution_timezone} of {schedule.job_name}"
        yield f"  {schedule.default_status.value}"
    for sensor in sorted(repository.sensor_defs, key=lambda one: one.name):
        jobs = ", ".join(target.job_name for target in sensor.targets if target.has_job_def) or "no job"
        yield f"sensor {sensor.name} every {sensor.minimum_interval_seconds} s of {jobs}; {sensor.default_status.value}"
    for name, resource in sorted(repository.get_top_level_resources().items()):
        yield f"resource {name}: {_options(resource)}"


def _options(resource: Any) -> str:
    return ", ".join(sorted(resource.config_schema.config_type.fields))


def _wrapped(keys: list[str]) -> Iterator[str]:
    for start in range(0, len(keys), 5):
        yield f"  {', '.join(keys[start : start + 5])}"


if __name__ == "__main__":
    OUTLINE.write_text("\n".join(outline(build_defs([merchant()]))) + "\n")

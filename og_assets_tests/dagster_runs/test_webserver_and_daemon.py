"""What the UI does, through the same GraphQL: launch a run, launch a backfill; the daemon runs both."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from dagster_jobs import instance_in, today

from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.definitions import defs
from og_assets.emulator.server import Emulator
from og_assets.ordergroove.objects import OBJECTS
from og_assets_tests.ports import a_free_port
from og_assets_tests.pulling import assert_equals_world

DEADLINE = 150
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "og_assets.definitions"}

LAUNCH_RUN = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message stack }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message stack }
  }
}"""


class Dagster:
    """A webserver's GraphQL and the instance behind it."""

    def __init__(self, url: str, instance: dg.DagsterInstance) -> None:
        self.url = url
        self.instance = instance

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of one GraphQL request."""
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def wait_until(self, finished: Any) -> None:
        """Look again and again until `finished()` holds; a run that takes too long is a failure."""
        until = time.monotonic() + DEADLINE
        while not finished():
            assert time.monotonic() < until, "it took too long"
            time.sleep(0.5)


@contextmanager
def served(command: list[str], variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server and all that it starts, for the time of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(DEADLINE)  # The daemon gives each of its threads 30 s to end.
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def dagster(emulator: Emulator, variables: dict[str, str], tmp_path: Path) -> Iterator[Dagster]:
    """A webserver and a daemon on the code location."""
    port = a_free_port()
    module = ["-m", "og_assets.definitions"]
    webserver = [sys.executable, "-m", "dagster_webserver", *module, "-h", "127.0.0.1", "-p", str(port)]
    daemon = [sys.executable, "-m", "dagster._daemon", "run", *module]
    with (
        served(webserver, variables, tmp_path / "webserver.log"),
        served(daemon, variables, tmp_path / "daemon.log"),
        instance_in(variables) as instance,
    ):
        dagster = Dagster(f"http://127.0.0.1:{port}", instance)

        def answers() -> bool:
            try:
                return httpx.get(f"{dagster.url}/server_info", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        dagster.wait_until(answers)
        yield dagster


@pytest.mark.long
def test_a_launch_and_a_backfill_from_the_ui_end_in_success(
    dagster: Dagster, emulator: Emulator, variables: dict[str, str]
) -> None:
    """Today's partition of two objects by a launch, then three days of these and two more as one backfill run."""
    warehouse = WarehouseResource(database=variables["ORDERGROOVE_WAREHOUSE"])
    two = [object for object in OBJECTS if object.name in {"customers", "subscriptions"}]
    four = [*two, *(object for object in OBJECTS if object.name in {"orders", "product_groups"})]
    launched = dagster.ask(
        LAUNCH_RUN,
        params={
            "selector": {
                **LOCATION,
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [{"path": ["ordergroove", object.name]} for object in two],
                # Checks that run in the step of their asset are launched with it.
                "assetCheckSelection": [
                    {"assetKey": {"path": key.asset_key.path}, "name": key.name}
                    for key in defs.resolve_asset_graph().asset_check_keys
                    if key.asset_key.path[-1] in {object.name for object in two}
                ],
            },
            "mode": "default",
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": today().isoformat()}]},
        },
    )["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]
    dagster.wait_until(lambda: dagster.instance.get_run_by_id(run_id).is_finished)  # type: ignore[union-attr]
    assert dagster.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
    assert_equals_world(emulator, warehouse, two)

    days = [(today() - timedelta(days=age)).isoformat() for age in (2, 1, 0)]
    backfill = dagster.ask(
        LAUNCH_BACKFILL,
        params={
            "assetSelection": [{"path": ["ordergroove", object.name]} for object in four],
            "partitionNames": days,
            "fromFailure": False,
        },
    )["launchPartitionBackfill"]
    assert backfill["__typename"] == "LaunchBackfillSuccess", backfill

    def is_over() -> bool:
        found = dagster.instance.get_backfill(backfill["backfillId"])
        assert found is not None
        assert found.error is None, found.error
        return found.status.value.startswith(("COMPLETED", "FAILED"))

    dagster.wait_until(is_over)
    runs = dagster.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill["backfillId"]}))
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS]
    assert_equals_world(emulator, warehouse, four)
    for object in four:
        key = dg.AssetKey(["ordergroove", object.name])
        assert set(days) <= set(dagster.instance.get_materialized_partitions(key))

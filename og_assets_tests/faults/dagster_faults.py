"""What happens to Dagster's own processes: a run that is stopped or cancelled, a step that dies when all is loaded."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from og_assets.assets import objects
from og_assets.emulator import effects as fx
from og_assets.emulator.faults import Fault
from og_assets.warehouse.connecting import open_warehouse
from og_assets_tests.dagster_runs import dagster_jobs
from og_assets_tests.faults.dying import die
from og_assets_tests.faults.killing import PROCESSES, finish
from og_assets_tests.faults.rig import Rig

GRACE_SECONDS = 25
"""What a container has after SIGTERM, less a margin (Kubernetes: 30 s)."""
ORDERS = dg.AssetKey(["ordergroove", "orders"])


def stopped_by(number: signal.Signals) -> Callable[[Rig], None]:
    """A run gets a signal while its step waits for a page: SIGTERM from a container, SIGINT from Dagster's cancel."""

    def inject(rig: Rig) -> None:
        variables = environment(rig)
        asked = threading.Event()
        rig.emulator.faults.add(
            Fault(fx.Call(lambda world, request: asked.set()), rig.object.name, page=1),
            Fault(fx.Stall(), rig.object.name, page=1),
        )
        run = subprocess.Popen(
            [sys.executable, dagster_jobs.__file__, json.dumps([{"job": "sync", "assets": ["orders"]}])],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            assert asked.wait(120), "the run never asked for orders"
            assert rig.staged(), "a pull has a staging area"
            run.send_signal(number)
            answer, _ = run.communicate(timeout=GRACE_SECONDS)
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()
        assert rig.staged() == []
        with open_warehouse(rig.warehouse.place.path, lock_timeout_seconds=0, busy_timeout_seconds=0):
            pass  # nobody holds it
        assert rig.rows("SELECT outcome, error FROM ops.sync_runs ORDER BY sync_id DESC LIMIT 1") == [
            ("canceled", None)
        ], answer
        with dagster_jobs.instance_in(variables) as instance:
            (found,) = instance.get_runs()
            assert found.status in (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE), found.status

    return inject


def killed_before_the_materialization_event(rig: Rig) -> None:
    """All is loaded and the watermark has moved, yet Dagster has heard of nothing; the next run tells it."""
    variables = environment(rig)
    dying = PROCESSES.Process(target=sync_orders, args=(variables, True))
    dying.start()
    assert finish(dying) == -signal.SIGKILL
    assert (rig.watermark() or rig.changed_at) > rig.changed_at
    with dagster_jobs.instance_in(variables) as instance:
        assert instance.get_materialized_partitions(ORDERS) == set()
        (dead,) = instance.get_runs()
        # The daemon does that in under a minute (dagster.yaml: run_monitoring).
        instance.event_log_storage.free_concurrency_slots_for_run(dead.run_id)
    again = PROCESSES.Process(target=sync_orders, args=(variables, False))
    again.start()
    assert finish(again) == 0
    with dagster_jobs.instance_in(variables) as instance:
        days = dagster_jobs.sync_job().partitions_def
        assert days is not None
        assert instance.get_materialized_partitions(ORDERS) == set(days.get_partition_keys())
    assert rig.rows("SELECT outcome, inserted + updated FROM ops.sync_runs ORDER BY sync_id DESC LIMIT 1") == [
        ("succeeded", 0)
    ]


def sync_orders(variables: dict[str, str], is_to_die: bool) -> None:
    """The job `sync` for orders in this process, which dies where the step would describe what it has loaded."""
    if is_to_die:
        objects.pull_metadata = lambda *arguments: die()  # type: ignore[assignment]
    with dagster_jobs.instance_in(variables) as instance:
        result = dagster_jobs.run_here(instance, dagster_jobs.sync_job(), assets=["orders"])
    if not result.success:
        raise SystemExit(1)


def environment(rig: Rig) -> dict[str, str]:
    """A Dagster home of its own, beside the rig's warehouse."""
    variables = dagster_jobs.environment(rig.emulator, rig.folder)
    assert Path(variables["ORDERGROOVE_WAREHOUSE"]) == rig.warehouse.place.path
    return variables


FAULTS: dict[str, tuple[Any, ...]] = {
    "Dagster: run stopped by SIGTERM": (stopped_by(signal.SIGTERM), 1, 2),
    "Dagster: run cancelled": (stopped_by(signal.SIGINT), 0, 2),
    "Dagster: killed before the materialization event": (killed_before_the_materialization_event, 1, 2),
}

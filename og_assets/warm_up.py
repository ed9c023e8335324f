"""Imported once by the fork server, so that each step starts with everything in memory. Runs nothing.

The modules of Dagster named here are those that a step otherwise imports for itself, for a second
or more of its time; test_warm_up.py fails when one is renamed.
"""

import dagster._core.execution.plan.external_step
import dagster._core.launcher.default_run_launcher
import dagster._core.run_coordinator.queued_run_coordinator
import dagster._core.scheduler.scheduler
import dagster._core.storage.compute_log_manager
import dagster._core.storage.event_log.sqlite.sqlite_event_log
import dagster._core.storage.local_compute_log_manager
import dagster._core.storage.root
import dagster._core.storage.runs.sqlite.sqlite_run_storage
import dagster._core.storage.schedules.sqlite.sqlite_schedule_storage

import og_assets.definitions  # noqa: F401

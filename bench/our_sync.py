"""The job `sync` as our code location has it. A module of its own, so that its steps import nothing else."""

import dagster as dg

from og_assets.definitions import defs


def sync_job() -> dg.JobDefinition:
    """The job that the schedules run."""
    return defs.resolve_job_def("sync")

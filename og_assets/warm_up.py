"""Imported once by the fork server, so that each step starts with everything in memory. Leaves nothing behind.

What a step would import for itself, most of a second of it, are the storages of a Dagster instance, the HTTP
client, and pandas where it is there: DuckDB looks for it when it takes parameters. test_warm_up.py fails when
something is left.
"""

import gc
import tempfile
from contextlib import suppress
from pathlib import Path

import dagster as dg
import httpx

import og_assets.definitions
from og_assets.errors import SettingError

with suppress(ImportError):
    import pandas as pd  # noqa: F401


@dg.asset
def nothing() -> None:
    """An asset without work."""


with tempfile.TemporaryDirectory() as _home:
    (Path(_home) / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.from_config(_home) as _instance:
        dg.materialize(
            [nothing], instance=_instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )
with suppress(SettingError):  # a step that cannot load the code location says so itself
    og_assets.definitions.defs.get_repository_def()
httpx.Client(verify=False).close()  # noqa: S501 - nothing is asked of it
# What is in memory now stays: a step that looks through it for garbage would copy every page that it shares.
gc.collect()
gc.freeze()

"""Imported once by the fork server, so that each step starts with everything in memory. Runs nothing.

The modules of Dagster named here are those that a step otherwise imports for itself, for a second
or more of its time; test_warm_up.py fails when one is renamed.
"""

import og_assets.definitions  # noqa: F401

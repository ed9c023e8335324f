"""What Dagster sees: thin assets, one family a file."""

import warnings

import dagster as dg

# A backfill over a range as one run is in beta at Dagster; the tests run it, so its users need no warning each time.
warnings.filterwarnings("ignore", category=dg.BetaWarning, message="Parameter `backfill_policy`")

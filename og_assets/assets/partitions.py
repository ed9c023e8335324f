"""The daily partition of every asset; `windows` makes of its ranges and a watermark what a run reads.

Partitions are the unit of running again and of seeing; the watermark is the unit of correctness.
"""

from datetime import date

from dagster import DailyPartitionsDefinition

from og_assets.settings import load_settings
from og_assets.sync.windows import CHICAGO, WHOLE_HISTORY, PullMode, PullRequest, SyncWindow, check_range, segments

__all__ = [
    "CHICAGO",
    "DAILY",
    "WHOLE_HISTORY",
    "PullMode",
    "PullRequest",
    "SyncWindow",
    "check_range",
    "daily_partitions",
    "segments",
]


def daily_partitions(start_date: date) -> DailyPartitionsDefinition:
    """One partition per day in America/Chicago from `start_date` on; today's exists from its midnight."""
    return DailyPartitionsDefinition(start_date=start_date.isoformat(), timezone=CHICAGO.key, end_offset=1)


DAILY = daily_partitions(load_settings().start_date)
"""The partitions of every partitioned asset: Dagster wants one definition for all assets of a job."""

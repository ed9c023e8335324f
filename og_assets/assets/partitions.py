"""The daily partition of every asset; `sync.windows` makes of its ranges and a watermark what a run reads.

Partitions are the unit of running again and of seeing; the watermark is the unit of correctness.
"""

from datetime import date

from dagster import DailyPartitionsDefinition

from og_assets.sync.windows import CHICAGO


def daily_partitions(start_date: date) -> DailyPartitionsDefinition:
    """One partition per day in America/Chicago from `start_date` on; today's exists from its midnight."""
    return DailyPartitionsDefinition(start_date=start_date.isoformat(), timezone=CHICAGO.key, end_offset=1)

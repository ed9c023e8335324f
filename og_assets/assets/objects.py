"""One daily-partitioned asset for each row of OBJECTS: pull what the run's partitions ask for, upsert it."""

from datetime import date, datetime

import dagster as dg

from og_assets.assets.metadata import describe, pull_metadata, table_metadata
from og_assets.assets.resources import OrdergrooveResource
from og_assets.ordergroove.errors import OrdergrooveError, PagingFailed, StillFailing
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.partitions import CHICAGO, DAILY, PullMode, SyncWindow, check_range, window_for
from og_assets.pull import LOOKBACK, object_table, pull
from og_assets.settings import SettingError
from og_assets.warehouse.errors import WarehouseError, WarehouseLocked
from og_assets.warehouse.resource import WarehouseResource

PULL_MODE_TAG = "og_assets/pull_mode"
"""Run tag by which a job says how far its pulls reach back; without it a run pulls the days of its partitions."""

_MAY_PASS = (StillFailing, PagingFailed, WarehouseLocked)
"""Failures that another try may not meet; the others need a person."""


def object_asset(object: OrdergrooveObject) -> dg.AssetsDefinition:
    """The asset of one Ordergroove object."""
    table = object_table(object)

    @dg.asset(
        key=["ordergroove", object.name],
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="objects",
        kinds={"ordergroove", "duckdb"},
        pool=f"ordergroove_{object.name}",  # one sequential reader per object (API reference: pagination)
        retry_policy=dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
        description=describe(object),
        metadata=table_metadata(table),
    )
    def asset(
        context: dg.AssetExecutionContext, ordergroove: OrdergrooveResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[None]:
        first_day, last_day, today = _days(context)
        try:
            mode = PullMode(context.run_tags.get(PULL_MODE_TAG, PullMode.DAYS.value))

            def window(watermark: datetime | None) -> SyncWindow:
                return window_for(
                    first_day=first_day, last_day=last_day, today=today, watermark=watermark, lookback=LOOKBACK, mode=mode
                )

            with ordergroove.client() as client:
                report = pull(
                    object,
                    client=client,
                    warehouse=warehouse,
                    clock=ordergroove.clock(),
                    window_for=window,
                    mode=mode,
                    run_id=context.run.root_run_id or context.run_id,
                )
        except (OrdergrooveError, WarehouseError, SettingError) as error:
            raise dg.Failure(str(error), allow_retries=isinstance(error, _MAY_PASS)) from None
        # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum.
        context.add_asset_metadata(pull_metadata(report), partition_key=last_day.isoformat())
        return dg.MaterializeResult(metadata={**table_metadata(table), "dagster/row_count": report.rows})

    return asset


def _days(context: dg.AssetExecutionContext) -> tuple[date, date, date]:
    """First and last day of the run's partitions, and today in Chicago.

    Dagster itself takes a range that ends in the future, or before it starts, and calls the run a success.
    """
    keys = context.partition_key_range
    first_day, last_day = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    today = datetime.now(CHICAGO).date()
    try:
        check_range(first_day, last_day, today, DAILY.start.astimezone(CHICAGO).date())
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    return first_day, last_day, today


object_assets = [object_asset(object) for object in OBJECTS]

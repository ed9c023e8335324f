"""One daily-partitioned asset for each row of OBJECTS: pull what the run's partitions ask for, upsert it."""

from contextlib import ExitStack
from datetime import date, datetime

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import Checked, check_object, object_checks, specs, whole_since
from og_assets.assets.covered_days import PULL_MODE_TAG, mark_covered
from og_assets.assets.failures import RETRIES, told_clearly
from og_assets.assets.metadata import OWNERS, describe, object_tags, pull_metadata, table_metadata
from og_assets.assets.scope import Scope
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.errors import SettingError
from og_assets.ordergroove.objects import BY_NAME, OrdergrooveObject
from og_assets.sync.cadence import look_up_named, looked_up_after, what_waits
from og_assets.sync.look import look_first
from og_assets.sync.pull import object_table, pull, record_refusal
from og_assets.sync.pull_by_month import pull_by_month
from og_assets.sync.windows import CHICAGO, NIGHT, PullMode, PullRequest, check_range
from og_assets.warehouse.status import WholeReading


class PullConfig(dg.Config):
    """How a run pulls; the jobs need none of it."""

    monthly_since: str = Field(
        "",
        description="In a full refresh: a month (YYYY-MM) from which on history is read month by month, and all before "
        "it as one. For a merchant whose lists take longer than 20 seconds a page. Empty: all as one.",
    )

    def month(self) -> date:
        """The first day of `monthly_since`; raises SettingError for what is no month."""
        try:
            month = date.fromisoformat(f"{self.monthly_since}-01")
        except ValueError:
            raise SettingError(f"monthly_since takes a month such as 2024-01, not {self.monthly_since!r}.") from None
        return min(month, datetime.now(CHICAGO).date())


def object_asset(scope: Scope, object: OrdergrooveObject) -> dg.AssetsDefinition:
    """The asset of one Ordergroove object."""
    table = object_table(object)
    key = scope.key("ordergroove", object.name)
    read_every = scope.merchant.settings.read_every

    @dg.asset(
        key=key,
        partitions_def=scope.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=scope.named("objects"),
        kinds={"ordergroove", "duckdb"},
        pool=scope.named(f"ordergroove_{object.name}"),  # one sequential reader per object (API reference: pagination)
        retry_policy=RETRIES,
        description=describe(object),
        owners=OWNERS,
        tags=object_tags(object),
        metadata=table_metadata(table),
        check_specs=specs(key, object_checks(object)),
        required_resource_keys=scope.resource_keys,
    )
    def asset(context: dg.AssetExecutionContext, config: PullConfig) -> Checked:
        warehouse = scope.warehouse(context)
        request = _request(context, scope)
        run_id = context.run.root_run_id or context.run.run_id
        if request.mode is PullMode.SINCE_WATERMARK and (waits := what_waits([object], warehouse, read_every)):
            return _left_to_the_night(context, object, warehouse, waits[object.name])
        with told_clearly(context), ExitStack() as stack:
            try:
                ordergroove = scope.ordergroove(context)
                source = stack.enter_context(ordergroove.reader(object.name, warehouse.place))
                attempt = f"{context.run.run_id}-{context.retry_number}"
                look_first(source.client, ordergroove.readers_folder(warehouse.place), attempt, object.name)
            except Exception as error:
                record_refusal(object, warehouse, mode=request.mode, run_id=run_id, error=error)
                raise
            if request.mode is PullMode.WHOLE_HISTORY and object.is_incremental and config.monthly_since:
                report = pull_by_month(
                    object,
                    source,
                    warehouse,
                    since=config.month(),
                    today=request.today,
                    run_id=context.run.run_id,  # a run that is executed again means to read all of it again
                )
            else:
                report = pull(object, source, warehouse, request, run_id=run_id)
            stack.close()  # who waits for a turn has none
            if request.mode is PullMode.SINCE_WATERMARK and report.counts.inserted + report.counts.updated:
                for name in what_waits(looked_up_after(object), warehouse, read_every):
                    with ordergroove.reader(name, warehouse.place) as source:
                        look_up_named(object, report, BY_NAME[name], source, warehouse, run_id=run_id)
            checked = check_object(warehouse, object, whole_since=whole_since(context))
        # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum, and
        # a copy of the columns on every day would be most of what Dagster stores.
        context.add_asset_metadata(
            {**pull_metadata(report), **table_metadata(table), "dagster/row_count": report.rows},
            partition_key=request.last_day.isoformat(),
        )
        mark_covered(context, complete=report.window.moves_watermark(report.watermark_before))
        return dg.MaterializeResult(check_results=checked)

    return asset


def _left_to_the_night(
    context: dg.AssetExecutionContext, object: OrdergrooveObject, warehouse: WarehouseResource, last: WholeReading
) -> dg.MaterializeResult[None]:
    """What Dagster shows of an object that this sync does not read."""
    told = (
        f"Not read in this sync: all of it took {last.took.total_seconds() / 60:,.1f} minutes, and the first sync from "
        f"{NIGHT:%H:%M} in Chicago on reads it. Last read at {last.started_at:%Y-%m-%d %H:%M:%S} UTC; what changed "
        "rows name is looked up one by one in between. ORDERGROOVE_READ_EVERY sets it otherwise."
    )
    context.log.info("%s: %s", object.name, told)
    with told_clearly(context):
        checked = check_object(warehouse, object, whole_since=whole_since(context))
    context.add_asset_metadata(
        {"sync": dg.MetadataValue.md(told), "read_whole_at": dg.MetadataValue.timestamp(last.started_at)},
        partition_key=context.partition_key_range.end,
    )
    mark_covered(context)
    return dg.MaterializeResult(check_results=checked)


def _request(context: dg.AssetExecutionContext, scope: Scope) -> PullRequest:
    """What the run's partitions and tags ask for.

    Dagster itself takes a range that ends in the future, or before it starts, and calls the run a success.
    """
    keys = context.partition_key_range
    first_day, last_day = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    today = datetime.now(CHICAGO).date()
    try:
        check_range(first_day, last_day, today, scope.days.start.astimezone(CHICAGO).date())
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    mode = PullMode(context.run.tags.get(PULL_MODE_TAG, PullMode.DAYS.value))
    return PullRequest(mode=mode, first_day=first_day, last_day=last_day, today=today)

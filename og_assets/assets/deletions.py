"""What was deleted: two sweeps that look for it, and the tombstones made of what they and the webhooks found."""

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import Checked, spot_check_results, spot_check_specs
from og_assets.assets.covered_days import mark_covered
from og_assets.assets.derived import DeriveConfig, daily, derive, described
from og_assets.assets.failures import told_clearly
from og_assets.assets.metadata import guide_link, markdown_table
from og_assets.assets.pictures import DELETIONS_BY_DAY
from og_assets.assets.resources import OrdergrooveResource
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.sync.spot_check import spot_check
from og_assets.sync.sweep import PLAUSIBLE_SHARE, sweep
from og_assets.warehouse.derive import derive_tombstones
from og_assets.warehouse.load import DELETABLE


class SweepConfig(dg.Config):
    """How much a sweep takes for deleted."""

    max_share: float = Field(
        default=PLAUSIBLE_SHARE,
        ge=0,
        le=1,
        description="Share of the open orders or items that may be missing before the sweep refuses to go on.",
    )


def sweep_asset(object: OrdergrooveObject, after: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The sweep of orders or of items."""

    @daily(
        key=["ops", f"{object.name}_sweep"],
        deps=after,
        group_name="operations",
        kinds={"ordergroove", "duckdb"},
        pool=f"ordergroove_{object.name}",  # one sequential reader per object (API reference: pagination)
        table="ops.sweep_findings",
        tags={"read": "sweep", "personal_data": "false"},
        description=(
            f"Finds {object.name} that were deleted, which no list shows: it lists those still open, and looks up one "
            "by one what is open in the warehouse and missing from the list, and what webhooks reported since the "
            "last sweep. One row per answer 404.\n\n"
            "It fails, and writes nothing, when the key sees one customer, when implausibly many are missing, or when "
            "more than a few look-ups get no answer; a few are left undecided until the next sweep.\n\n"
            f"{guide_link('implement-custom-data-pipelines')}"
        ),
        check_specs=spot_check_specs(dg.AssetKey(["ops", f"{object.name}_sweep"]), object),
    )
    def asset(
        context: dg.AssetExecutionContext,
        config: SweepConfig,
        ordergroove: OrdergrooveResource,
        warehouse: WarehouseResource,
    ) -> Checked:
        run_id = context.run.root_run_id or context.run.run_id
        with told_clearly(context), ordergroove.reader(object.name) as source:
            report = sweep(object, source, warehouse, run_id=run_id, max_share=config.max_share)
            checked = spot_check_results(spot_check(object, source.client, warehouse))
        figures = {
            "sync_id": report.sync_id,
            "listed_as_open": report.listed,
            "believed_open": report.believed,
            "missing_from_the_list": report.candidates,
            "confirmed_gone": report.gone,
            "came_back": report.came_back,
            "lifted": report.lifted,
            "left_undecided": report.undecided,
            "requests": report.requests,
            "seconds": round(report.seconds, 2),
        }
        # Of a range of days only the last one gets the figures: a copy on every day would add up to a wrong sum.
        summary = markdown_table({name.replace("_", " ").capitalize(): f"{value:,}" for name, value in figures.items()})
        context.add_asset_metadata(
            {"summary": dg.MetadataValue.md(summary), **figures}, partition_key=context.partition_key_range.end
        )
        mark_covered(context)
        return dg.MaterializeResult(metadata=described("ops.sweep_findings"), check_results=checked)

    return asset


_ORDERS, _ITEMS = (object for object in OBJECTS if object.name in DELETABLE)
_BY_WEBHOOK = dg.AssetKey(["ordergroove", "events"])

# What webhooks told is confirmed by the sweep, so it must be in the warehouse before.
orders_sweep = sweep_asset(_ORDERS, [dg.AssetKey(["ordergroove", "orders"]), _BY_WEBHOOK])
items_sweep = sweep_asset(_ITEMS, [dg.AssetKey(["ordergroove", "items"]), _BY_WEBHOOK, orders_sweep.key])


@daily(
    key=["analytics", "deletion_tombstones"],
    deps=[_BY_WEBHOOK, orders_sweep.key, items_sweep.key],
    group_name="analytics",
    kinds={"duckdb", "sql"},
    table="analytics.deletion_tombstones",
    tags={"read": "derived", "personal_data": "true"},
    description=(
        "One row per order or item that a webhook or a sweep found deleted, with its last known state. "
        "A row with `lifted_at` was wrong: the object was fetched again later, so it exists.\n\n"
        f"{guide_link('implement-custom-data-pipelines')}"
    ),
)
def deletion_tombstones(
    context: dg.AssetExecutionContext, config: DeriveConfig, warehouse: WarehouseResource
) -> Checked:
    """Bring the tombstones up to date."""
    return derive(context, warehouse, config, derive_tombstones, DELETIONS_BY_DAY)

"""The two sweeps, which look for what was deleted."""

import dagster as dg
from pydantic import Field

from og_assets.assets.checks import Checked, spot_check_results, spot_check_specs
from og_assets.assets.covered_days import PULL_MODE_TAG, mark_covered
from og_assets.assets.derived import daily
from og_assets.assets.failures import told_clearly
from og_assets.assets.metadata import guide_link, markdown_table, table_metadata
from og_assets.assets.scope import Scope
from og_assets.ordergroove.objects import OBJECTS, OrdergrooveObject
from og_assets.sync.spot_check import spot_check
from og_assets.sync.sweep import PLAUSIBLE_SHARE, sweep
from og_assets.sync.windows import PullMode
from og_assets.warehouse.fixed_tables import SWEEP_FINDINGS


class SweepConfig(dg.Config):
    """How much a sweep takes for deleted."""

    max_share: float = Field(
        default=PLAUSIBLE_SHARE,
        ge=0,
        le=1,
        description="Share of the open orders or items that may be missing before the sweep refuses to go on.",
    )


def sweep_asset(scope: Scope, object: OrdergrooveObject, *after: tuple[str, ...]) -> dg.AssetsDefinition:
    """The sweep of orders or of items."""
    key = ("ops", f"{object.name}_sweep")

    @daily(
        scope,
        SWEEP_FINDINGS,
        key=key,
        group="operations",
        tags={"read": "sweep", "personal_data": "false"},
        deps=[scope.key(*before) for before in after],
        kinds={"ordergroove", "duckdb"},
        pool=scope.named(f"ordergroove_{object.name}"),  # one sequential reader per object (API reference: pagination)
        description=(
            f"Finds {object.name} that were deleted, which no list shows: it lists those still open, and looks up one "
            "by one what is open in the warehouse and missing from the list, and what webhooks reported since the "
            "last sweep. One row per answer 404. Where webhooks are shown to tell of every deletion, the list is read "
            "once a night, and a sync between looks only at what they and changed orders point at.\n\n"
            "It fails, and writes nothing, when the key sees one customer, when implausibly many are missing, or when "
            "more than a few look-ups get no answer; a few are left undecided until the next sweep.\n\n"
            f"{guide_link('implement-custom-data-pipelines')}"
        ),
        check_specs=spot_check_specs(scope.key(*key), object),
    )
    def asset(context: dg.AssetExecutionContext, config: SweepConfig) -> Checked:
        warehouse = scope.warehouse(context)
        run_id = context.run.root_run_id or context.run.run_id
        with told_clearly(context), scope.ordergroove(context).reader(object.name, warehouse.place) as source:
            report = sweep(
                object,
                source,
                warehouse,
                run_id=run_id,
                max_share=config.max_share,
                may_trust_webhooks=context.run.tags.get(PULL_MODE_TAG) == PullMode.SINCE_WATERMARK.value,
            )
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
        told = {name.replace("_", " ").capitalize(): f"{value:,}" for name, value in figures.items()}
        if report.told_since is not None:
            told["Listed as open"] = f"last at {report.told_since:%Y-%m-%d %H:%M:%S} UTC; webhooks told since"
        summary = markdown_table(told)
        context.add_asset_metadata(
            {"summary": dg.MetadataValue.md(summary), **figures}, partition_key=context.partition_key_range.end
        )
        mark_covered(context)
        return dg.MaterializeResult(metadata=table_metadata(SWEEP_FINDINGS), check_results=checked)

    return asset


def sweep_assets(scope: Scope) -> list[dg.AssetsDefinition]:
    """The two sweeps, orders before items: the items of an order that is gone are looked up too."""
    orders, items = (object for object in OBJECTS if object.deletable)
    told = ("ordergroove", "events")  # is confirmed by the sweep, so it must be in the warehouse before
    return [
        sweep_asset(scope, orders, ("ordergroove", "orders"), told),
        sweep_asset(scope, items, ("ordergroove", "items"), told, ("ops", "orders_sweep")),
    ]

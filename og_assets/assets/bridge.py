"""The bridge from items to orders, subscriptions and customers."""

import dagster as dg

from og_assets.assets.checks import Checked
from og_assets.assets.deletions import deletion_tombstones
from og_assets.assets.derived import DeriveConfig, daily, derive
from og_assets.assets.metadata import guide_link
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.derive import derive_bridge


@daily(
    key=["analytics", "items_orders_bridge"],
    deps=[["ordergroove", "orders"], ["ordergroove", "items"], deletion_tombstones.key],
    group_name="analytics",
    kinds={"duckdb", "sql"},
    table="analytics.items_orders_bridge",
    tags={"read": "derived", "personal_data": "false"},
    description=(
        "One row per item: which order, subscription, customer and product belong together, and how the order stands. "
        "Deleted items are in it with `is_deleted`, items whose order has not arrived with `order_found` false; "
        "`items_orders_bridge_current` is without what is deleted.\n\n"
        f"{guide_link('object-reference')}"
    ),
)
def items_orders_bridge(
    context: dg.AssetExecutionContext, config: DeriveConfig, warehouse: WarehouseResource
) -> Checked:
    """Bring the bridge up to date."""
    return derive(context, warehouse, config, derive_bridge)

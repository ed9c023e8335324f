"""What each order adds up to."""

import dagster as dg

from og_assets.assets.bridge import items_orders_bridge
from og_assets.assets.checks import Checked
from og_assets.assets.deletions import deletion_tombstones
from og_assets.assets.derived import DeriveConfig, daily, derive
from og_assets.assets.metadata import guide_link
from og_assets.assets.pictures import ORDERS_BY_DAY
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.warehouse.derive import derive_totals


@daily(
    key=["analytics", "order_totals"],
    # The items come through the bridge: so that both tables tell of the same items, and so that an order which an
    # item has left is known when neither the order nor the item says so any more.
    deps=[["ordergroove", "orders"], items_orders_bridge.key, deletion_tombstones.key],
    group_name="analytics",
    kinds={"duckdb", "sql"},
    table="analytics.order_totals",
    tags={"read": "derived", "personal_data": "false"},
    description=(
        "One row per order: items, units and revenue added up from the bridge, beside what Ordergroove says, with the "
        "differences and whether they are within a cent. Amounts are exact decimals in the order's currency; deleted "
        "items are not counted, deleted orders are in it with `is_deleted`; `order_totals_current` is without them.\n\n"
        f"{guide_link('object-reference')}"
    ),
)
def order_totals(context: dg.AssetExecutionContext, config: DeriveConfig, warehouse: WarehouseResource) -> Checked:
    """Bring the totals up to date."""
    return derive(context, warehouse, config, derive_totals, ORDERS_BY_DAY)

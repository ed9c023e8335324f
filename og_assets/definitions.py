"""The Dagster code location, as a table of contents."""

import dagster as dg

from og_assets.assets.bridge import items_orders_bridge
from og_assets.assets.deletions import deletion_tombstones, items_sweep, orders_sweep
from og_assets.assets.events import events
from og_assets.assets.objects import object_assets
from og_assets.assets.resources import OrdergrooveResource
from og_assets.assets.totals import order_totals
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.automation.jobs import SYNCED_ON_SCHEDULE, executor, jobs, schedules, sensors

assets = [
    *object_assets,
    events,
    orders_sweep,
    items_sweep,
    deletion_tombstones,
    items_orders_bridge,
    order_totals,
]

defs = dg.Definitions(
    assets=dg.map_asset_specs(lambda spec: spec.replace_attributes(freshness_policy=SYNCED_ON_SCHEDULE), assets),
    jobs=jobs,
    schedules=schedules,
    sensors=sensors,
    executor=executor,
    resources={"ordergroove": OrdergrooveResource(), "warehouse": WarehouseResource()},
)

"""The Dagster code location, as a table of contents."""

import dagster as dg

from og_assets.assets.objects import object_assets
from og_assets.assets.resources import OrdergrooveResource
from og_assets.automation import executor, jobs, schedules
from og_assets.warehouse.resource import WarehouseResource

defs = dg.Definitions(
    assets=object_assets,
    jobs=jobs,
    schedules=schedules,
    executor=executor,
    resources={"ordergroove": OrdergrooveResource(), "warehouse": WarehouseResource()},
)

"""What one merchant's definitions share: how they are called, their days, and how they get at their resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import dagster as dg

from og_assets.assets.ordergroove_resource import OrdergrooveResource
from og_assets.assets.partitions import daily_partitions
from og_assets.assets.warehouse_resource import WarehouseResource
from og_assets.merchants import Merchant


@dataclass(frozen=True)
class Scope:
    """The names of one merchant. Without a name everything is called as in the documents, else it begins with it."""

    merchant: Merchant
    key_prefix: Sequence[str] = ()
    """What stands before the name in asset keys, in a project that has others."""

    def key(self, *path: str) -> dg.AssetKey:
        """The key of an asset: `acme/ordergroove/orders`."""
        return dg.AssetKey([*self._stem, *path])

    def named(self, name: str) -> str:
        """The name of a job, schedule, sensor, group, pool or resource: `acme__sync`."""
        return f"{self.merchant.name}__{name}" if self.merchant.name else name

    def owns(self, key: dg.AssetKey) -> bool:
        """Whether an asset is this merchant's; one without a name has all that there are."""
        return tuple(key.path[: len(self._stem)]) == self._stem

    @property
    def _stem(self) -> tuple[str, ...]:
        return (*self.key_prefix, *filter(None, [self.merchant.name]))

    @cached_property
    def days(self) -> dg.DailyPartitionsDefinition:
        """The partitions of every asset: Dagster wants one definition for all assets of a job."""
        return daily_partitions(self.merchant.settings.start_date)

    @property
    def resource_keys(self) -> set[str]:
        """What every asset of this merchant requires."""
        return {self.named("ordergroove"), self.named("warehouse")}

    def resources(self) -> dict[str, Any]:
        """The two resources, by their keys."""
        settings = self.merchant.settings
        return {
            self.named("ordergroove"): OrdergrooveResource.of(self.merchant),
            self.named("warehouse"): WarehouseResource(
                database=str(settings.warehouse), history=settings.history, history_days=settings.history_days
            ),
        }

    def ordergroove(self, context: dg.AssetExecutionContext) -> OrdergrooveResource:
        """This merchant's Ordergroove in a step."""
        return cast("OrdergrooveResource", getattr(context.resources, self.named("ordergroove")))

    def warehouse(self, context: dg.AssetExecutionContext | dg.OpExecutionContext) -> WarehouseResource:
        """This merchant's warehouse in a step."""
        return cast("WarehouseResource", getattr(context.resources, self.named("warehouse")))

"""The derived tables as assets: tombstones, bridge, totals, timelines."""

from collections.abc import Mapping

import dagster as dg

from og_assets.assets.derived import Shown, derived_asset
from og_assets.assets.metadata import guide_link, reference_link
from og_assets.assets.pictures import (
    DELETIONS_BY_DAY,
    ORDERS_BY_DAY,
    STATUS_CHANGES_BY_DAY,
    SUBSCRIPTION_CHANGES_BY_DAY,
)
from og_assets.assets.scope import Scope
from og_assets.warehouse.analytics import (
    ANALYTICS,
    BRIDGE,
    ORDER_TOTALS,
    STATUS_CHANGES,
    SUBSCRIPTION_CHANGES,
    TOMBSTONES,
)

SHOWN: Mapping[str, Shown] = {
    TOMBSTONES.name: Shown(
        description=(
            "One row per order or item that a webhook or a sweep found deleted, with its last known state. "
            "A row with `lifted_at` was wrong: the object was fetched again later, so it exists.\n\n"
            f"{guide_link('implement-custom-data-pipelines')}"
        ),
        picture=DELETIONS_BY_DAY,
        counted="Deletions in force",
    ),
    BRIDGE.name: Shown(
        description=(
            "One row per item: which order, subscription, customer and product belong together, and how the order "
            "stands. Deleted items are in it with `is_deleted`, items whose order has not arrived with `order_found` "
            "false; `items_orders_bridge_current` is without what is deleted.\n\n"
            f"{guide_link('object-reference')}"
        ),
    ),
    ORDER_TOTALS.name: Shown(
        description=(
            "One row per order: items, units and revenue added up from the bridge, beside what Ordergroove says, with "
            "the differences and whether they are within a cent. Amounts are exact decimals in the order's currency; "
            "deleted items are not counted, deleted orders are in it with `is_deleted`; `order_totals_current` is "
            "without them.\n\n"
            f"{guide_link('object-reference')}"
        ),
        picture=ORDERS_BY_DAY,
    ),
    STATUS_CHANGES.name: Shown(
        description=(
            "One row per step of an order from status to status: each attempt, retry, skip and deletion. A webhook "
            "tells its second; without one the step has the bounds of the two syncs that differ, and what came and "
            f"went between them is not known.\n\n{reference_link('webhooks-order-events')}"
        ),
        picture=STATUS_CHANGES_BY_DAY,
    ),
    SUBSCRIPTION_CHANGES.name: Shown(
        description=(
            "One row per known change of a subscription: created, cancelled, taken up again, and what of its terms "
            "changed, from which value to which. A difference between two syncs and the webhook of it are one row, "
            "with the second of the webhook and the values of the syncs.\n\n"
            f"{reference_link('webhook-subscription-events')}"
        ),
        picture=SUBSCRIPTION_CHANGES_BY_DAY,
        counted="Cancellations",
    ),
}
"""What people see of each in Dagster, where that is more than its value says."""


def analytics_assets(scope: Scope) -> list[dg.AssetsDefinition]:
    """One asset for each table of ANALYTICS."""
    return [derived_asset(scope, table, SHOWN.get(table.name, Shown())) for table in ANALYTICS]

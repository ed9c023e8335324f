"""The derived tables that are assets, one row each: tombstones, bridge, totals, timelines."""

from og_assets.assets.derived import Derived
from og_assets.assets.metadata import guide_link, reference_link
from og_assets.assets.pictures import (
    DELETIONS_BY_DAY,
    ORDERS_BY_DAY,
    STATUS_CHANGES_BY_DAY,
    SUBSCRIPTION_CHANGES_BY_DAY,
)
from og_assets.warehouse.derive import (
    derive_bridge,
    derive_status_changes,
    derive_subscription_changes,
    derive_tombstones,
    derive_totals,
)

DERIVED = (
    Derived(
        table="deletion_tombstones",
        after=(("ordergroove", "events"), ("ops", "orders_sweep"), ("ops", "items_sweep")),
        derive=derive_tombstones,
        description=(
            "One row per order or item that a webhook or a sweep found deleted, with its last known state. "
            "A row with `lifted_at` was wrong: the object was fetched again later, so it exists.\n\n"
            f"{guide_link('implement-custom-data-pipelines')}"
        ),
        tells_about_persons=True,
        picture=DELETIONS_BY_DAY,
    ),
    Derived(
        table="items_orders_bridge",
        after=(("ordergroove", "orders"), ("ordergroove", "items"), ("analytics", "deletion_tombstones")),
        derive=derive_bridge,
        description=(
            "One row per item: which order, subscription, customer and product belong together, and how the order "
            "stands. Deleted items are in it with `is_deleted`, items whose order has not arrived with `order_found` "
            "false; `items_orders_bridge_current` is without what is deleted.\n\n"
            f"{guide_link('object-reference')}"
        ),
    ),
    Derived(
        table="order_totals",
        # The items come through the bridge: so that both tables tell of the same items, and so that an order which an
        # item has left is known when neither the order nor the item says so any more.
        after=(("ordergroove", "orders"), ("analytics", "items_orders_bridge"), ("analytics", "deletion_tombstones")),
        derive=derive_totals,
        description=(
            "One row per order: items, units and revenue added up from the bridge, beside what Ordergroove says, with "
            "the differences and whether they are within a cent. Amounts are exact decimals in the order's currency; "
            "deleted items are not counted, deleted orders are in it with `is_deleted`; `order_totals_current` is "
            "without them.\n\n"
            f"{guide_link('object-reference')}"
        ),
        picture=ORDERS_BY_DAY,
    ),
    Derived(
        table="order_status_changes",
        after=(("ordergroove", "orders"), ("ordergroove", "events"), ("analytics", "deletion_tombstones")),
        derive=derive_status_changes,
        description=(
            "One row per step of an order from status to status: each attempt, retry, skip and deletion. A webhook "
            "tells its second; without one the step has the bounds of the two syncs that differ, and what came and "
            f"went between them is not known.\n\n{reference_link('webhooks-order-events')}"
        ),
        picture=STATUS_CHANGES_BY_DAY,
    ),
    Derived(
        table="subscription_changes",
        after=(("ordergroove", "subscriptions"), ("ordergroove", "events")),
        derive=derive_subscription_changes,
        description=(
            "One row per known change of a subscription: created, cancelled, taken up again, and what of its terms "
            "changed, from which value to which. A difference between two syncs and the webhook of it are one row, "
            "with the second of the webhook and the values of the syncs.\n\n"
            f"{reference_link('webhook-subscription-events')}"
        ),
        picture=SUBSCRIPTION_CHANGES_BY_DAY,
    ),
)

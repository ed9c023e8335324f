"""Marts of orders: days, skips, the forecast, products and discounts."""

from og_assets.warehouse.derived_table import DerivedTable

# fmt: off
ORDER_FORECAST = DerivedTable(
    name="order_forecast",
    description="One row per day, product and source: what is to be sent in the next 12 months, exact where orders "
        "exist, projected behind them. Future subscribers and returns are not in it, nor future one-time "
        "items.",
    key=("place_date", "product", "currency_code", "source"),
    depends_on=("forecast_basis",),
    columns=(
        ("place_date", "DATE", "Day of placement; overdue and retried orders stand on the as-of day.", ""),
        ("week_of", "DATE", "Monday of its week.", ""),
        ("product", "VARCHAR", "Product of the items; components of a bundle count for themselves.",
            "items_orders_bridge.product"),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", "order_totals.currency_code"),
        ("source", "VARCHAR", "scheduled, in_placement, in_retry (orders that exist) or projected.", ""),
        ("lines", "BIGINT", "Items as planned.", ""),
        ("units", "BIGINT", "Units as planned.", ""),
        ("value", "DECIMAL(18,4)", "Revenue as priced now; of prepaid boxes what is still to be billed.", ""),
        ("expected_units", "DOUBLE", "Units after usual failures, skips and churn (forecast_basis).", ""),
        ("expected_value", "DECIMAL(18,2)", "Revenue after these.", ""),
    ),
)

FORECAST_BASIS = DerivedTable(
    name="forecast_basis",
    description="One row per warehouse: the rates that turn planned units of order_forecast into expected ones, and "
        "what they were counted from. Anyone can question them.",
    key=("as_of_date",),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("as_of_date", "DATE", "Day of the forecast.", ""),
        ("monthly_churn_rate", "DOUBLE",
            "Ended / active at the start, over the last 6 full months; returns ignored.",
            "subscription_periods.started_on subscription_periods.ended_on"),
        ("placement_rate", "DOUBLE",
            "Placed / (placed, rejected, skipped and cancelled) orders of the last 90 days.",
            "order_totals.is_placed order_totals.outcome order_totals.place_date"),
        ("recovery_rate", "DOUBLE", "Recovered / (recovered + rejected) orders of the last 90 days.",
            "order_totals.outcome order_totals.place_date"),
        ("churn_exposure", "BIGINT", "Subscriptions active at the start, summed over these months.",
            "subscription_periods.started_on subscription_periods.ended_on"),
        ("orders_decided", "BIGINT", "Orders of these 90 days that placement_rate is counted from.",
            "order_totals.outcome order_totals.place_date"),
    ),
)

ORDER_FORECAST_LOG = DerivedTable(
    name="order_forecast_log",
    description="One row per forecast, week and product: one forecast of each week is kept for good, so that it can "
        "be held against what happened. It cannot be built again.",
    key=("made_on", "week_of", "product"),
    depends_on=("order_forecast",),
    columns=(
        ("made_on", "DATE", "As-of day of the forecast: the first one of its week.", ""),
        ("week_of", "DATE", "Monday of the week that is forecast.", "order_forecast.week_of"),
        ("product", "VARCHAR", "Product of the items.", "order_forecast.product"),
        ("units", "BIGINT", "Units as planned then.", "order_forecast.units"),
        ("expected_units", "DOUBLE", "Units as expected then.", "order_forecast.expected_units"),
    ),
)

SKIPS = DerivedTable(
    name="skips",
    description="One row per box that was due and left out while the subscription went on. Without webhooks one in "
        "eight of the shipments is none. Why, and who skipped, is not in the API.",
    key=("subscription", "order"),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("subscription", "VARCHAR", "Subscription id.", "subscriptions.public_id"),
        ("order", "VARCHAR", "Order that was skipped, or out of which its items were taken.",
            "order_totals.order deletion_tombstones.order"),
        ("customer", "VARCHAR", "Customer id in the shop.", "subscriptions.customer"),
        ("due_on", "DATE", "Day for which the box was planned.", "order_totals.place_date orders.place_date"),
        ("skipped_at", "TIMESTAMPTZ", "When it was skipped, or found gone; null when not told.",
            "events.event_at events.received_at order_totals.cancelled_at deletion_tombstones.deleted_at"),
        ("skipped_on", "DATE", "Its day in the zone of the business; without one the day it was due.", ""),
        ("kind", "VARCHAR", "order (the whole order) or shipment (this subscription's items in it).", ""),
        ("evidence", "VARCHAR", "event (webhook), status (of the order) or tombstone (items found gone).", ""),
        ("units", "BIGINT", "Units as planned.", "items_orders_bridge.quantity items.quantity"),
        ("revenue", "DECIMAL(18,4)", "Revenue as planned; not lost for good, the next box comes.",
            "items_orders_bridge.total_price items.total_price"),
        ("currency_code", "VARCHAR", "Currency of the amount, ISO 4217.",
            "order_totals.currency_code orders.currency_code"),
    ),
)

PRODUCT_MONTHLY = DerivedTable(
    name="product_monthly",
    description="One row per month, product and currency: what it sold in recurring orders, and its monthly recurring "
        "revenue. Units and revenue by the item's product (components of a bundle), recurring revenue by the "
        "subscribed product (the bundle).",
    key=("month", "product", "currency_code"),
    depends_on=("mrr_movements", "products"),
    columns=(
        ("month", "DATE", "First day of the month.", "order_totals.place_date mrr_movements.month"),
        ("product", "VARCHAR", "Product id in the shop; null has a row of its own.",
            "items_orders_bridge.product mrr_movements.product"),
        ("name", "VARCHAR", "Name now.", "products.name"),
        ("sku", "VARCHAR", "Stock keeping unit now.", "products.sku"),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.",
            "order_totals.currency_code mrr_movements.currency_code"),
        ("units", "BIGINT", "Units placed.", "items_orders_bridge.quantity"),
        ("one_time_units", "BIGINT", "Of these without a subscription.",
            "items_orders_bridge.quantity items_orders_bridge.subscription"),
        ("lines", "BIGINT", "Items placed.", ""),
        ("list_value", "DECIMAL(18,4)", "Quantity x price; where no price is told, the revenue.",
            "items_orders_bridge.quantity items_orders_bridge.price items_orders_bridge.total_price"),
        ("line_discount", "DECIMAL(18,4)", "list_value less revenue; that price is before discounts is inferred.",
            "items_orders_bridge.quantity items_orders_bridge.price items_orders_bridge.total_price"),
        ("subscription_revenue", "DECIMAL(18,4)", "Revenue of items that fulfil a subscription.",
            "items_orders_bridge.total_price items_orders_bridge.subscription"),
        ("one_time_revenue", "DECIMAL(18,4)", "Revenue of items without one.",
            "items_orders_bridge.total_price items_orders_bridge.subscription"),
        ("revenue", "DECIMAL(18,4)", "Both: after discounts, without tax and shipping.",
            "items_orders_bridge.total_price"),
        ("opening_mrr", "DECIMAL(18,4)", "Monthly recurring revenue at the end of the month before.",
            "mrr_movements.amount"),
        ("new_mrr", "DECIMAL(18,4)", "Of customers who had none before.",
            "mrr_movements.amount mrr_movements.movement"),
        ("expansion_mrr", "DECIMAL(18,4)", "More of customers who had some.",
            "mrr_movements.amount mrr_movements.movement"),
        ("reactivation_mrr", "DECIMAL(18,4)", "Of customers who had some earlier.",
            "mrr_movements.amount mrr_movements.movement"),
        ("contraction_mrr", "DECIMAL(18,4)", "Less of customers who still have some; positive.",
            "mrr_movements.amount mrr_movements.movement"),
        ("churn_mrr", "DECIMAL(18,4)", "Of customers who have none left; positive.",
            "mrr_movements.amount mrr_movements.movement"),
        ("swap_mrr", "DECIMAL(18,4)", "What moved here from other products (positive), or there (negative).",
            "mrr_movements.amount mrr_movements.movement"),
        ("closing_mrr", "DECIMAL(18,4)", "Opening + new + expansion + reactivation - contraction - churn + swap.",
            "mrr_movements.amount"),
    ),
)

DAILY_FACTS = DerivedTable(
    name="daily_facts",
    description="One row per day and currency, without gaps, up to the as-of day. Orders stand on their place_date: a "
        "retried one on that of its last attempt. Amounts are of placed recurring orders.",
    key=("day", "currency_code"),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("day", "DATE", "Day; of orders as Ordergroove wrote it, of subscriptions in the zone of the business.",
            "order_totals.place_date subscription_periods.started_on subscription_periods.ended_on"),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217; XXX when none is told.",
            "order_totals.currency_code subscriptions.currency_code"),
        ("orders_due", "BIGINT", "Orders of that day; the eleven outcomes below add up to it.",
            "order_totals.place_date"),
        ("orders_placed", "BIGINT", "Placed at the first attempt.", "order_totals.outcome"),
        ("orders_recovered", "BIGINT", "Placed after a failed attempt (inferred from the number of attempts).",
            "order_totals.outcome"),
        ("orders_rejected", "BIGINT", "Refused for good.", "order_totals.outcome"),
        ("orders_in_retry", "BIGINT", "Failed, and tried again.", "order_totals.outcome"),
        ("orders_in_placement", "BIGINT", "On their way to the shop.", "order_totals.outcome"),
        ("orders_skipped", "BIGINT", "Cancelled before any attempt (inferred).", "order_totals.outcome"),
        ("orders_shop_cancel", "BIGINT", "Cancelled by the answer of the shop (inferred).", "order_totals.outcome"),
        ("orders_merged", "BIGINT", "Folded into another order; not lost.", "order_totals.outcome"),
        ("orders_deleted", "BIGINT", "Deleted: mostly because its subscriptions were cancelled.",
            "order_totals.outcome"),
        ("orders_overdue", "BIGINT", "Still scheduled; on the as-of day itself those yet to be placed.",
            "order_totals.outcome"),
        ("orders_unknown", "BIGINT", "With a status that is not documented.", "order_totals.outcome"),
        ("orders_with_one_time", "BIGINT", "Of placed and recovered ones those with an item without subscription.",
            "order_totals.is_placed items_orders_bridge.subscription"),
        ("units", "BIGINT", "Units of placed orders.", "order_totals.units order_totals.is_placed"),
        ("subscription_revenue", "DECIMAL(18,4)", "Line totals of items that fulfil a subscription.",
            "order_totals.subscription_revenue order_totals.is_placed"),
        ("one_time_revenue", "DECIMAL(18,4)", "Line totals of items without one.",
            "order_totals.one_time_revenue order_totals.is_placed"),
        ("revenue", "DECIMAL(18,4)", "sub_total: after discounts, without tax and shipping.",
            "order_totals.sub_total order_totals.is_placed"),
        ("discount_total", "DECIMAL(18,4)", "Discounts, already inside revenue.",
            "order_totals.discount_total order_totals.is_placed"),
        ("shipping_total", "DECIMAL(18,4)", "Shipping fees.", "order_totals.shipping_total order_totals.is_placed"),
        ("tax_total", "DECIMAL(18,4)", "Tax.", "order_totals.tax_total order_totals.is_placed"),
        ("total", "DECIMAL(18,4)", "What was billed.", "order_totals.total order_totals.is_placed"),
        ("new_subscriptions", "BIGINT", "Started for the first time, by the subscription's currency.",
            "subscription_periods.started_on subscription_periods.period"),
        ("returned_subscriptions", "BIGINT", "Started again.",
            "subscription_periods.started_on subscription_periods.period"),
        ("cancelled_subscriptions", "BIGINT", "Ended.", "subscription_periods.ended_on"),
        ("active_subscriptions", "BIGINT", "Active at the end of the day.",
            "subscription_periods.started_on subscription_periods.ended_on"),
    ),
)

DISCOUNTS_MONTHLY = DerivedTable(
    name="discounts_monthly",
    description="One row per month, currency and offer, or code of one-time incentives. The authority for the cost of "
        "discounts is discount_total in daily_facts: per-cent incentives have no amount here, the API does "
        "not say what they took off.",
    key=("month", "currency_code", "kind", "code"),
    depends_on=("order_totals", "offer_profiles", "one_time_incentives"),
    columns=(
        ("month", "DATE", "Month of placement; of an incentive that in which it was applied.",
            "order_totals.place_date one_time_incentives.applied_at"),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", "order_totals.currency_code"),
        ("kind", "VARCHAR", "offer or one_time_incentive.", ""),
        ("code", "VARCHAR", "Offer id, or the merchant's code of the incentive.",
            "items_orders_bridge.offer one_time_incentives.external_code"),
        ("offer_profile", "VARCHAR", "Profile that has the offer; null when several have it.",
            "offer_profiles.public_id"),
        ("offer_profile_name", "VARCHAR", "Its name.", "offer_profiles.name"),
        ("lines", "BIGINT", "Placed items under the offer.", ""),
        ("list_value", "DECIMAL(18,4)", "Quantity x price of these.",
            "items_orders_bridge.quantity items_orders_bridge.price items_orders_bridge.total_price"),
        ("revenue", "DECIMAL(18,4)", "What was paid for them, without tax and shipping.",
            "items_orders_bridge.total_price"),
        ("line_discount", "DECIMAL(18,4)", "list_value less revenue; that price is before discounts is inferred.",
            "items_orders_bridge.quantity items_orders_bridge.price items_orders_bridge.total_price"),
        ("applied", "BIGINT", "One-time incentives applied, per-cent ones included.", "one_time_incentives.applied_at"),
        ("flat_amount", "DECIMAL(18,4)", "Sum of the flat amounts of these; per-cent ones are not in it.",
            "one_time_incentives.incentive_value one_time_incentives.incentive_discount_type"),
        ("flat_item_amount", "DECIMAL(18,4)", "Of it on items (incentive_target item).",
            ("one_time_incentives.incentive_value "
            "one_time_incentives.incentive_discount_type one_time_incentives.incentive_target")),
        ("flat_order_amount", "DECIMAL(18,4)", "Of it on orders.",
            ("one_time_incentives.incentive_value "
            "one_time_incentives.incentive_discount_type one_time_incentives.incentive_target")),
        ("flat_shipping_amount", "DECIMAL(18,4)", "Of it on shipping.",
            ("one_time_incentives.incentive_value "
            "one_time_incentives.incentive_discount_type one_time_incentives.incentive_target")),
    ),
)

# fmt: on

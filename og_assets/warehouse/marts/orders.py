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
        ("product", "VARCHAR", "Product of the items; components of a bundle count for themselves.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", ""),
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
            "Ended / active at the start, over the last 6 full months; returns ignored.", ""),
        ("placement_rate", "DOUBLE",
            "Placed / (placed, rejected, skipped and cancelled) orders of the last 90 days.", ""),
        ("recovery_rate", "DOUBLE", "Recovered / (recovered + rejected) orders of the last 90 days.", ""),
        ("churn_exposure", "BIGINT", "Subscriptions active at the start, summed over these months.", ""),
        ("orders_decided", "BIGINT", "Orders of these 90 days that placement_rate is counted from.", ""),
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
        ("week_of", "DATE", "Monday of the week that is forecast.", ""),
        ("product", "VARCHAR", "Product of the items.", ""),
        ("units", "BIGINT", "Units as planned then.", ""),
        ("expected_units", "DOUBLE", "Units as expected then.", ""),
    ),
)

SKIPS = DerivedTable(
    name="skips",
    description="One row per box that was due and left out while the subscription went on. Without webhooks one in "
        "eight of the shipments is none. Why, and who skipped, is not in the API.",
    key=("subscription", "order"),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("subscription", "VARCHAR", "Subscription id.", ""),
        ("order", "VARCHAR", "Order that was skipped, or out of which its items were taken.", ""),
        ("customer", "VARCHAR", "Customer id in the shop.", ""),
        ("due_on", "DATE", "Day for which the box was planned.", ""),
        ("skipped_at", "TIMESTAMPTZ", "When it was skipped, or found gone; null when not told.", ""),
        ("skipped_on", "DATE", "Its day in the zone of the business; without one the day it was due.", ""),
        ("kind", "VARCHAR", "order (the whole order) or shipment (this subscription's items in it).", ""),
        ("evidence", "VARCHAR", "event (webhook), status (of the order) or tombstone (items found gone).", ""),
        ("units", "BIGINT", "Units as planned.", ""),
        ("revenue", "DECIMAL(18,4)", "Revenue as planned; not lost for good, the next box comes.", ""),
        ("currency_code", "VARCHAR", "Currency of the amount, ISO 4217.", ""),
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
        ("month", "DATE", "First day of the month.", ""),
        ("product", "VARCHAR", "Product id in the shop; null has a row of its own.", ""),
        ("name", "VARCHAR", "Name now.", ""),
        ("sku", "VARCHAR", "Stock keeping unit now.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", ""),
        ("units", "BIGINT", "Units placed.", ""),
        ("one_time_units", "BIGINT", "Of these without a subscription.", ""),
        ("lines", "BIGINT", "Items placed.", ""),
        ("list_value", "DECIMAL(18,4)", "Quantity x price; where no price is told, the revenue.", ""),
        ("line_discount", "DECIMAL(18,4)", "list_value less revenue; that price is before discounts is inferred.", ""),
        ("subscription_revenue", "DECIMAL(18,4)", "Revenue of items that fulfil a subscription.", ""),
        ("one_time_revenue", "DECIMAL(18,4)", "Revenue of items without one.", ""),
        ("revenue", "DECIMAL(18,4)", "Both: after discounts, without tax and shipping.", ""),
        ("opening_mrr", "DECIMAL(18,4)", "Monthly recurring revenue at the end of the month before.", ""),
        ("new_mrr", "DECIMAL(18,4)", "Of customers who had none before.", ""),
        ("expansion_mrr", "DECIMAL(18,4)", "More of customers who had some.", ""),
        ("reactivation_mrr", "DECIMAL(18,4)", "Of customers who had some earlier.", ""),
        ("contraction_mrr", "DECIMAL(18,4)", "Less of customers who still have some; positive.", ""),
        ("churn_mrr", "DECIMAL(18,4)", "Of customers who have none left; positive.", ""),
        ("swap_mrr", "DECIMAL(18,4)", "What moved here from other products (positive), or there (negative).", ""),
        ("closing_mrr", "DECIMAL(18,4)", "Opening + new + expansion + reactivation - contraction - churn + swap.", ""),
    ),
)

DAILY_FACTS = DerivedTable(
    name="daily_facts",
    description="One row per day and currency, without gaps, up to the as-of day. Orders stand on their place_date: a "
        "retried one on that of its last attempt. Amounts are of placed recurring orders.",
    key=("day", "currency_code"),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("day", "DATE", "Day; of orders as Ordergroove wrote it, of subscriptions in the zone of the business.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217; XXX when none is told.", ""),
        ("orders_due", "BIGINT", "Orders of that day; the eleven outcomes below add up to it.", ""),
        ("orders_placed", "BIGINT", "Placed at the first attempt.", ""),
        ("orders_recovered", "BIGINT", "Placed after a failed attempt (inferred from the number of attempts).", ""),
        ("orders_rejected", "BIGINT", "Refused for good.", ""),
        ("orders_in_retry", "BIGINT", "Failed, and tried again.", ""),
        ("orders_in_placement", "BIGINT", "On their way to the shop.", ""),
        ("orders_skipped", "BIGINT", "Cancelled before any attempt (inferred).", ""),
        ("orders_shop_cancel", "BIGINT", "Cancelled by the answer of the shop (inferred).", ""),
        ("orders_merged", "BIGINT", "Folded into another order; not lost.", ""),
        ("orders_deleted", "BIGINT", "Deleted: mostly because its subscriptions were cancelled.", ""),
        ("orders_overdue", "BIGINT", "Still scheduled; on the as-of day itself those yet to be placed.", ""),
        ("orders_unknown", "BIGINT", "With a status that is not documented.", ""),
        ("orders_with_one_time", "BIGINT", "Of placed and recovered ones those with an item without subscription.", ""),
        ("units", "BIGINT", "Units of placed orders.", ""),
        ("subscription_revenue", "DECIMAL(18,4)", "Line totals of items that fulfil a subscription.", ""),
        ("one_time_revenue", "DECIMAL(18,4)", "Line totals of items without one.", ""),
        ("revenue", "DECIMAL(18,4)", "sub_total: after discounts, without tax and shipping.", ""),
        ("discount_total", "DECIMAL(18,4)", "Discounts, already inside revenue.", ""),
        ("shipping_total", "DECIMAL(18,4)", "Shipping fees.", ""),
        ("tax_total", "DECIMAL(18,4)", "Tax.", ""),
        ("total", "DECIMAL(18,4)", "What was billed.", ""),
        ("new_subscriptions", "BIGINT", "Started for the first time, by the subscription's currency.", ""),
        ("returned_subscriptions", "BIGINT", "Started again.", ""),
        ("cancelled_subscriptions", "BIGINT", "Ended.", ""),
        ("active_subscriptions", "BIGINT", "Active at the end of the day.", ""),
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
        ("month", "DATE", "Month of placement; of an incentive that in which it was applied.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", ""),
        ("kind", "VARCHAR", "offer or one_time_incentive.", ""),
        ("code", "VARCHAR", "Offer id, or the merchant's code of the incentive.", ""),
        ("offer_profile", "VARCHAR", "Profile that has the offer; null when several have it.", ""),
        ("offer_profile_name", "VARCHAR", "Its name.", ""),
        ("lines", "BIGINT", "Placed items under the offer.", ""),
        ("list_value", "DECIMAL(18,4)", "Quantity x price of these.", ""),
        ("revenue", "DECIMAL(18,4)", "What was paid for them, without tax and shipping.", ""),
        ("line_discount", "DECIMAL(18,4)", "list_value less revenue; that price is before discounts is inferred.", ""),
        ("applied", "BIGINT", "One-time incentives applied, per-cent ones included.", ""),
        ("flat_amount", "DECIMAL(18,4)", "Sum of the flat amounts of these; per-cent ones are not in it.", ""),
        ("flat_item_amount", "DECIMAL(18,4)", "Of it on items (incentive_target item).", ""),
        ("flat_order_amount", "DECIMAL(18,4)", "Of it on orders.", ""),
        ("flat_shipping_amount", "DECIMAL(18,4)", "Of it on shipping.", ""),
    ),
)

# fmt: on

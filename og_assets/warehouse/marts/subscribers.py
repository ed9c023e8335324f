"""Marts of who subscribes: periods, and one row per subscription and per customer."""

from og_assets.warehouse.derived_table import DerivedTable

# fmt: off
MARTS_AS_OF = DerivedTable(
    name="marts_as_of",
    description="One row per warehouse: the instant and the day as of which all marts describe the shop. They end "
        "there and not today.",
    key=("as_of",),
    depends_on=("order_totals", "order_status_changes", "subscription_changes"),
    columns=(
        ("as_of", "TIMESTAMPTZ", "Least watermark of subscriptions, orders and items: all before it is loaded.", ""),
        ("as_of_date", "DATE", "Its day in the zone of the business.", ""),
        ("as_of_month", "DATE", "First day of its month.", ""),
        ("business_timezone", "VARCHAR", "Zone whose days the marts count in (ORDERGROOVE_BUSINESS_TZ).", ""),
    ),
)

SUBSCRIPTION_PERIODS = DerivedTable(
    name="subscription_periods",
    description="One row per uninterrupted stretch in which a subscription was active. Active on a day: started_on <= "
        "day, and ended_on null or > day.",
    key=("subscription", "period"),
    depends_on=("subscriptions", "events"),
    columns=(
        ("subscription", "VARCHAR", "Subscription id (subscriptions.public_id).", "subscriptions.public_id"),
        ("customer", "VARCHAR", "Customer id in the shop.", "subscriptions.customer"),
        ("period", "INTEGER", "1 is the first; a later one begins with a take-up.", ""),
        ("started_at", "TIMESTAMP", "When it began, UTC.", ""),
        ("ended_at", "TIMESTAMP", "When it was cancelled, UTC; null while active.", ""),
        ("started_on", "DATE", "Day of started_at in the zone of the business, at most the as-of day.", ""),
        ("ended_on", "DATE", "Day of ended_at, likewise: the first day on which it is not active.", ""),
        ("cancel_reason_code", "INTEGER", "Code of the cancellation that ended it; null when none is known.",
            "subscriptions.cancel_reason_code_number events.raw"),
        ("start_evidence", "VARCHAR", "Who tells of the start: record, event (webhook) or history (two syncs).", ""),
        ("end_evidence", "VARCHAR", "Who tells of the end, likewise; null while active.", ""),
        ("is_estimated", "BOOLEAN", "Whether an edge is only bounded by the change stamp of the record.", ""),
    ),
)

CUSTOMER_PERIODS = DerivedTable(
    name="customer_periods",
    description="One row per stretch in which a customer had an active subscription: the union of "
        "subscription_periods. A cancellation and a new subscription on the same day do not break it.",
    key=("customer", "period"),
    depends_on=("subscription_periods", "customers"),
    columns=(
        ("customer", "VARCHAR", "Customer id in the shop.", "customers.merchant_user_id"),
        ("period", "INTEGER", "1 is the first; a later one is a return.", ""),
        ("started_on", "DATE", "First day with an active subscription.", "subscription_periods.started_on"),
        ("ended_on", "DATE", "First day without one; null while there is one.", "subscription_periods.ended_on"),
    ),
)

SUBSCRIPTION_OVERVIEW = DerivedTable(
    name="subscription_overview",
    description="One row per subscription: where it stands, what comes next, what is going wrong. Orders are "
        "recurring ones: the checkout order lives in the shop.",
    key=("subscription",),
    depends_on=("skips",),
    columns=(
        ("subscription", "VARCHAR", "Subscription id (subscriptions.public_id).", "subscriptions.public_id"),
        ("customer", "VARCHAR", "Customer id in the shop.", "subscriptions.customer"),
        ("product", "VARCHAR", "Product as subscribed now; of a bundle the bundle.", "subscriptions.product"),
        ("offer", "VARCHAR", "Offer as subscribed now.", "subscriptions.offer"),
        ("lifecycle", "VARCHAR",
            ("First that fits: cancelled, trial, disengaged (last 3 or more decided boxes all rejected), "
            "payment_failing (a box in retry, or the last decided one rejected), without_next_order, new (no "
            "box placed), active. There is no paused state at Ordergroove."), ""),
        ("is_active", "BOOLEAN", "Whether it is live; a disengaged one is.",
            "subscriptions.live subscriptions.cancelled"),
        ("started_on", "DATE", "First start, day in the zone of the business.", "subscription_periods.started_on"),
        ("ended_on", "DATE", "Last end; null while active.", "subscription_periods.ended_on"),
        ("periods", "INTEGER", "Stretches of being active: 1, and one for each known take-up.",
            "subscription_periods.period"),
        ("is_estimated", "BOOLEAN", "Whether an edge of a period is only bounded by a change stamp.",
            "subscription_periods.is_estimated"),
        ("age_days", "INTEGER", "Days from the first start to the last end or the as-of day, breaks included.", ""),
        ("is_imported", "BOOLEAN",
            "Whether it came from an earlier program: starts a day or more before it was created.",
            "subscriptions.start_date subscriptions.created"),
        ("origin", "VARCHAR", "checkout, upsell or service_desk; null when not told.",
            "subscriptions.raw_subscription_type subscriptions.subscription_type"),
        ("every", "INTEGER", "Number of periods between orders.", "subscriptions.every"),
        ("every_period", "SMALLINT", "Period: 1 days, 2 weeks, 3 months, 4 years.", "subscriptions.every_period"),
        ("interval_days", "INTEGER", "Interval in days, a month being 365/12, rounded down; null when unknown.",
            "subscriptions.every subscriptions.every_period subscriptions.frequency_days"),
        ("quantity", "INTEGER", "Units per box.", "subscriptions.quantity"),
        ("is_bundle", "BOOLEAN", "Whether it sends the components of a bundle.", "subscriptions.components"),
        ("is_prepaid", "BOOLEAN", "Whether one payment pays several boxes.",
            "subscriptions.prepaid_orders_per_billing"),
        ("prepaid_orders_remaining", "INTEGER", "Boxes already paid; 0: the next one renews.",
            "subscriptions.prepaid_orders_remaining"),
        ("renewal_behavior", "VARCHAR", "What follows the prepaid boxes: autorenew, cancel or downgrade.",
            "subscriptions.renewal_behavior"),
        ("orders_placed", "INTEGER", "Recurring boxes placed; without the checkout order.",
            "items_orders_bridge.order items_orders_bridge.subscription order_totals.is_placed"),
        ("units_placed", "BIGINT", "Units in them.", "items_orders_bridge.quantity order_totals.is_placed"),
        ("revenue", "DECIMAL(18,4)",
            ("Of its placed recurring boxes, after discounts, without tax and shipping; null when in several "
            "currencies."), "items_orders_bridge.total_price order_totals.is_placed"),
        ("currency_code", "VARCHAR",
            "Currency of the amounts, ISO 4217 (XXX: none told); null when there are several.",
            "order_totals.currency_code subscriptions.currency_code"),
        ("first_order_on", "DATE", "Day of the first recurring box placed.",
            "order_totals.place_date order_totals.is_placed"),
        ("last_order_on", "DATE", "Day of the last one placed.", "order_totals.place_date order_totals.is_placed"),
        ("next_order_on", "DATE", "Day of the earliest scheduled box.", "order_totals.place_date order_totals.outcome"),
        ("next_order", "VARCHAR", "Order id of that box.", "order_totals.order order_totals.outcome"),
        ("next_order_value", "DECIMAL(18,4)", "What it holds of this subscription, as priced now.",
            "items_orders_bridge.total_price order_totals.outcome"),
        ("is_postponed", "BOOLEAN",
            ("Whether the next box is more than 1.5 intervals after the last one placed (or the start): what "
            "people call a pause."), ""),
        ("orders_rejected", "INTEGER", "Boxes that were rejected for good.", "order_totals.outcome"),
        ("orders_recovered", "INTEGER", "Boxes that were placed after a failed attempt.", "order_totals.outcome"),
        ("rejections_in_a_row", "INTEGER", "Rejected boxes since the last one placed.", "order_totals.outcome"),
        ("skips", "INTEGER", "Boxes left out while it went on (analytics.skips).", "skips.subscription"),
        ("last_skip_on", "DATE", "Day on which the last of these was due.", "skips.due_on"),
        ("mrr", "DECIMAL(18,4)",
            "Monthly recurring revenue now: what a box is billed x boxes per month; not the cash of a month.", ""),
        ("cancel_reason_code", "INTEGER", "When cancelled now: the code of the reason.",
            "subscription_periods.cancel_reason_code subscriptions.live"),
    ),
)

CUSTOMER_OVERVIEW = DerivedTable(
    name="customer_overview",
    description="One row per customer. Who never subscribed is not churned. Revenue is recurring revenue to date, no "
        "prediction: without the checkout order, refunds and cost.",
    key=("customer",),
    depends_on=("subscription_overview", "customer_periods"),
    columns=(
        ("customer", "VARCHAR", "Customer id in the shop.", "customers.merchant_user_id"),
        ("lifecycle", "VARCHAR",
            ("never_subscribed, churned (no active subscription), disengaged (all active ones are), at_risk (an "
            "active one is disengaged, payment_failing or without_next_order), active."),
            "subscription_overview.lifecycle subscription_overview.is_active"),
        ("subscribed_on", "DATE", "First day with an active subscription.", "customer_periods.started_on"),
        ("churned_on", "DATE", "First day without one; only for churned.",
            "customer_periods.ended_on subscription_overview.is_active"),
        ("periods", "INTEGER", "Stretches with an active subscription.", "customer_periods.period"),
        ("subscriptions", "INTEGER", "Subscriptions ever.", "subscription_overview.subscription"),
        ("active_subscriptions", "INTEGER", "Those active now.", "subscription_overview.is_active"),
        ("subscriptions_at_risk", "INTEGER", "Those disengaged, payment_failing or without_next_order.",
            "subscription_overview.lifecycle"),
        ("orders_placed", "INTEGER", "Recurring orders placed; without checkout orders.", "order_totals.is_placed"),
        ("orders_rejected", "INTEGER", "Recurring orders rejected for good.", "order_totals.outcome"),
        ("skips", "INTEGER", "Boxes left out, all subscriptions together.", "subscription_overview.skips"),
        ("first_order_on", "DATE", "Day of the first recurring order placed.",
            "order_totals.place_date order_totals.is_placed"),
        ("last_order_on", "DATE", "Day of the last one placed.", "order_totals.place_date order_totals.is_placed"),
        ("next_order_on", "DATE", "Day of the earliest scheduled box of an active subscription.",
            "subscription_overview.next_order_on subscription_overview.is_active"),
        ("revenue", "DECIMAL(18,4)",
            ("Recurring revenue to date, after discounts, without tax and shipping; null when in several "
            "currencies."), "order_totals.sub_total order_totals.is_placed"),
        ("one_time_revenue", "DECIMAL(18,4)",
            "Of it, items without a subscription; null when in several currencies.",
            "order_totals.one_time_revenue order_totals.is_placed"),
        ("discount", "DECIMAL(18,4)",
            "Discounts inside revenue, as Ordergroove says; null when in several currencies.",
            "order_totals.discount_total order_totals.is_placed"),
        ("billed", "DECIMAL(18,4)", "Revenue with tax and shipping; null when in several currencies.",
            "order_totals.total order_totals.is_placed"),
        ("mrr", "DECIMAL(18,4)", "Monthly recurring revenue now; null when in several currencies.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217; null when there are several or none.",
            "order_totals.currency_code subscriptions.currency_code"),
    ),
)

# fmt: on

"""Marts of monthly recurring revenue, and of who comes, goes and stays."""

from og_assets.warehouse.derived_table import DerivedTable

# fmt: off
MRR_MOVEMENTS = DerivedTable(
    name="mrr_movements",
    description="One row per month, subscription, product and movement in which monthly recurring revenue changed; "
        "the revenue at a month's end is the sum of all rows up to it.",
    key=("month", "currency_code", "subscription", "product", "movement"),
    depends_on=("order_totals", "subscription_periods"),
    columns=(
        ("month", "DATE", "First day of the month.", ""),
        ("currency_code", "VARCHAR", "Currency of the amount, ISO 4217; XXX when none is told.",
            "order_totals.currency_code subscriptions.currency_code"),
        ("customer", "VARCHAR", "Customer id in the shop; whose opening and closing name the movement.",
            "subscriptions.customer"),
        ("subscription", "VARCHAR", "Subscription id.", "subscriptions.public_id"),
        ("product", "VARCHAR", "Product billed; of a bundle the bundle.",
            "items_orders_bridge.product subscriptions.product"),
        ("movement", "VARCHAR",
            ("new (customer never had any), reactivation (none at the opening, but earlier), churn (none at the "
            "closing), expansion, contraction, swap (from one product to another, zero together)."), ""),
        ("amount", "DECIMAL(18,4)", "Change of monthly recurring revenue, signed; a rate and not cash.", ""),
    ),
)

MRR_MONTHLY = DerivedTable(
    name="mrr_monthly",
    description="One row per month and currency: monthly recurring revenue as a waterfall. Opening + new + expansion "
        "+ reactivation - contraction - churn = closing; all amounts are positive.",
    key=("month", "currency_code"),
    depends_on=("mrr_movements",),
    columns=(
        ("month", "DATE", "First day of the month.", ""),
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", "mrr_movements.currency_code"),
        ("is_complete", "BOOLEAN", "Whether the month is over; the running one ends at the as-of day.", ""),
        ("opening_mrr", "DECIMAL(18,4)", "Closing of the month before.", "mrr_movements.amount"),
        ("new_mrr", "DECIMAL(18,4)", "Of customers who had none before.",
            "mrr_movements.amount mrr_movements.movement"),
        ("expansion_mrr", "DECIMAL(18,4)",
            "More of customers who had some: quantity, price, interval, another subscription.",
            "mrr_movements.amount mrr_movements.movement"),
        ("reactivation_mrr", "DECIMAL(18,4)", "Of customers who had some earlier and none at the opening.",
            "mrr_movements.amount mrr_movements.movement"),
        ("contraction_mrr", "DECIMAL(18,4)", "Less of customers who still have some.",
            "mrr_movements.amount mrr_movements.movement"),
        ("churn_mrr", "DECIMAL(18,4)", "Of customers who have none left at the closing.",
            "mrr_movements.amount mrr_movements.movement"),
        ("closing_mrr", "DECIMAL(18,4)",
            "Value per box x boxes per month of what is active on the last day; not the month's cash.",
            "mrr_movements.amount"),
        ("gross_churn_rate", "DOUBLE", "(contraction + churn) / opening; null when opening is 0.",
            "mrr_movements.amount mrr_movements.movement"),
        ("net_churn_rate", "DOUBLE",
            "(contraction + churn - expansion - reactivation) / opening; null when opening is 0.",
            "mrr_movements.amount mrr_movements.movement"),
    ),
)

CHURN_MONTHLY = DerivedTable(
    name="churn_monthly",
    description="One row per level and month: subscriptions, or customers, that came and went. Opening + new + "
        "returned - cancelled = closing; a customer leaves when the last active subscription ends.",
    key=("level", "month"),
    depends_on=("subscription_periods", "customer_periods", "cancellations"),
    columns=(
        ("level", "VARCHAR", "subscription or customer.", ""),
        ("month", "DATE", "First day of the month.", ""),
        ("is_complete", "BOOLEAN", "Whether the month is over.", ""),
        ("opening", "BIGINT", "Active when the month began.",
            ("subscription_periods.started_on cancellations.month "
            "customer_periods.started_on customer_periods.ended_on")),
        ("new", "BIGINT", "Started for the first time, those that left within the month included.",
            ("subscription_periods.started_on subscription_periods.period "
            "customer_periods.started_on customer_periods.period")),
        ("returned", "BIGINT", "Started again.",
            ("subscription_periods.started_on subscription_periods.period "
            "customer_periods.started_on customer_periods.period")),
        ("cancelled", "BIGINT", "Ended, those that came within the month included.",
            "cancellations.month customer_periods.ended_on"),
        ("cancelled_passive", "BIGINT", "Of these by rejections and not by choice; level subscription only.",
            "cancellations.churn_type"),
        ("cancelled_of_opening", "BIGINT", "Of the cancelled those that were there when the month began.",
            ("cancellations.cancelled_on cancellations.days_active "
            "customer_periods.started_on customer_periods.ended_on")),
        ("closing", "BIGINT", "Active at the end of the month, or on the as-of day.",
            ("subscription_periods.started_on cancellations.month "
            "customer_periods.started_on customer_periods.ended_on")),
        ("churn_rate", "DOUBLE", "cancelled_of_opening / opening; null when opening is 0.", ""),
    ),
)

CANCELLATIONS = DerivedTable(
    name="cancellations",
    description="One row per ended period of a subscription. Disengaged subscriptions mostly stay live: read them in "
        "subscription_overview. Who cancelled is not in the API.",
    key=("subscription", "period"),
    depends_on=("mrr_movements", "products"),
    columns=(
        ("subscription", "VARCHAR", "Subscription id.", "subscriptions.public_id"),
        ("period", "INTEGER", "Which of its periods ended (subscription_periods).", "subscription_periods.period"),
        ("customer", "VARCHAR", "Customer id in the shop.", "subscriptions.customer"),
        ("product", "VARCHAR", "Product as subscribed last.", "subscriptions.product"),
        ("cancelled_at", "TIMESTAMP", "When, UTC.", "subscription_periods.ended_at"),
        ("cancelled_on", "DATE", "Day in the zone of the business.", "subscription_periods.ended_on"),
        ("month", "DATE", "First day of its month.", "subscription_periods.ended_on"),
        ("reason_code", "INTEGER", "Code of the reason; null when none was given.",
            "subscription_periods.cancel_reason_code"),
        ("reason", "VARCHAR", "Commonest wording of that code, if at least 10 subscriptions have exactly it.",
            "subscriptions.cancel_reason subscription_periods.cancel_reason_code"),
        ("churn_type", "VARCHAR",
            ("First that fits: passive (code of disengaged, or the last 3 decided boxes rejected), "
            "prepaid_ended, product_ended (discontinued and no reason given; inferred), active."), ""),
        ("days_active", "INTEGER", "Days of this period.",
            "subscription_periods.started_on subscription_periods.ended_on"),
        ("orders_placed", "INTEGER", "Recurring boxes placed by then, over all periods.",
            ("items_orders_bridge.order items_orders_bridge.subscription "
            "order_totals.is_placed order_totals.place_date")),
        ("revenue", "DECIMAL(18,4)", "Of these, after discounts; null when in several currencies.",
            "items_orders_bridge.total_price order_totals.is_placed order_totals.place_date"),
        ("mrr_lost", "DECIMAL(18,4)",
            ("Churn and contraction of the subscription in that month, once a month; null when in several "
            "currencies."), "mrr_movements.amount mrr_movements.movement"),
        ("customer_left", "BOOLEAN", "Whether the customer had no active subscription from that day on.", ""),
        ("reactivated_on", "DATE", "Day of the next start; null when there is none, or none is known.",
            "subscription_periods.started_on"),
    ),
)

RETENTION_COHORTS = DerivedTable(
    name="retention_cohorts",
    description="One row per level, month of the first start and age: how many are active k months after their own "
        "start; an age is shown once the whole cohort has reached it. Imported subscriptions, and customers "
        "with one, are left out: only survivors were imported.",
    key=("level", "cohort_month", "age_months"),
    depends_on=("customer_periods",),
    columns=(
        ("level", "VARCHAR", "subscription or customer.", ""),
        ("cohort_month", "DATE", "First day of the month of the first start.",
            "subscription_periods.started_on customer_periods.started_on"),
        ("age_months", "INTEGER", "Months since each one's own start; 0 is the end of the first day.", ""),
        ("cohort_size", "BIGINT", "Members of the cohort.",
            "subscription_periods.started_on customer_periods.started_on"),
        ("active", "BIGINT", "Active at that age, those who left and returned included.",
            ("subscription_periods.started_on subscription_periods.ended_on "
            "customer_periods.started_on customer_periods.ended_on")),
        ("never_cancelled", "BIGINT", "Active at that age without a break.",
            ("subscription_periods.started_on subscription_periods.ended_on "
            "customer_periods.started_on customer_periods.ended_on")),
        ("active_rate", "DOUBLE", "active / cohort_size.",
            ("subscription_periods.started_on subscription_periods.ended_on "
            "customer_periods.started_on customer_periods.ended_on")),
        ("never_cancelled_rate", "DOUBLE", "never_cancelled / cohort_size.",
            ("subscription_periods.started_on subscription_periods.ended_on "
            "customer_periods.started_on customer_periods.ended_on")),
    ),
)

RETENTION_BY_ORDER = DerivedTable(
    name="retention_by_order",
    description="One row per month of the first start and order number: how many subscriptions reached their n-th "
        "recurring order. Reached + ended_before + on_their_way = cohort_size; retention is reached / "
        "(reached + ended_before). Without imported subscriptions.",
    key=("cohort_month", "order_number"),
    depends_on=("subscription_overview",),
    columns=(
        ("cohort_month", "DATE", "First day of the month of the first start.", "subscription_overview.started_on"),
        ("order_number", "INTEGER", "Number of the recurring order, 1 to 24; the checkout order is not counted.", ""),
        ("cohort_size", "BIGINT", "Subscriptions of the cohort.",
            "subscription_overview.started_on subscription_overview.is_imported"),
        ("reached", "BIGINT", "Had that many recurring boxes placed.", "subscription_overview.orders_placed"),
        ("ended_before", "BIGINT", "Not active now, without having reached it.",
            "subscription_overview.orders_placed subscription_overview.is_active"),
        ("on_their_way", "BIGINT", "Active, and not there yet.",
            "subscription_overview.orders_placed subscription_overview.is_active"),
    ),
)

# fmt: on

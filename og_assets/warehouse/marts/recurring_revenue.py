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
        ("currency_code", "VARCHAR", "Currency of the amount, ISO 4217; XXX when none is told.", ""),
        ("customer", "VARCHAR", "Customer id in the shop; whose opening and closing name the movement.", ""),
        ("subscription", "VARCHAR", "Subscription id.", ""),
        ("product", "VARCHAR", "Product billed; of a bundle the bundle.", ""),
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
        ("currency_code", "VARCHAR", "Currency of the amounts, ISO 4217.", ""),
        ("is_complete", "BOOLEAN", "Whether the month is over; the running one ends at the as-of day.", ""),
        ("opening_mrr", "DECIMAL(18,4)", "Closing of the month before.", ""),
        ("new_mrr", "DECIMAL(18,4)", "Of customers who had none before.", ""),
        ("expansion_mrr", "DECIMAL(18,4)",
            "More of customers who had some: quantity, price, interval, another subscription.", ""),
        ("reactivation_mrr", "DECIMAL(18,4)", "Of customers who had some earlier and none at the opening.", ""),
        ("contraction_mrr", "DECIMAL(18,4)", "Less of customers who still have some.", ""),
        ("churn_mrr", "DECIMAL(18,4)", "Of customers who have none left at the closing.", ""),
        ("closing_mrr", "DECIMAL(18,4)",
            "Value per box x boxes per month of what is active on the last day; not the month's cash.", ""),
        ("gross_churn_rate", "DOUBLE", "(contraction + churn) / opening; null when opening is 0.", ""),
        ("net_churn_rate", "DOUBLE",
            "(contraction + churn - expansion - reactivation) / opening; null when opening is 0.", ""),
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
        ("opening", "BIGINT", "Active when the month began.", ""),
        ("new", "BIGINT", "Started for the first time, those that left within the month included.", ""),
        ("returned", "BIGINT", "Started again.", ""),
        ("cancelled", "BIGINT", "Ended, those that came within the month included.", ""),
        ("cancelled_passive", "BIGINT", "Of these by rejections and not by choice; level subscription only.", ""),
        ("cancelled_of_opening", "BIGINT", "Of the cancelled those that were there when the month began.", ""),
        ("closing", "BIGINT", "Active at the end of the month, or on the as-of day.", ""),
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
        ("subscription", "VARCHAR", "Subscription id.", ""),
        ("period", "INTEGER", "Which of its periods ended (subscription_periods).", ""),
        ("customer", "VARCHAR", "Customer id in the shop.", ""),
        ("product", "VARCHAR", "Product as subscribed last.", ""),
        ("cancelled_at", "TIMESTAMP", "When, UTC.", ""),
        ("cancelled_on", "DATE", "Day in the zone of the business.", ""),
        ("month", "DATE", "First day of its month.", ""),
        ("reason_code", "INTEGER", "Code of the reason; null when none was given.", ""),
        ("reason", "VARCHAR", "Commonest wording of that code, if at least 10 subscriptions have exactly it.", ""),
        ("churn_type", "VARCHAR",
            ("First that fits: passive (code of disengaged, or the last 3 decided boxes rejected), "
            "prepaid_ended, product_ended (discontinued and no reason given; inferred), active."), ""),
        ("days_active", "INTEGER", "Days of this period.", ""),
        ("orders_placed", "INTEGER", "Recurring boxes placed by then, over all periods.", ""),
        ("revenue", "DECIMAL(18,4)", "Of these, after discounts; null when in several currencies.", ""),
        ("mrr_lost", "DECIMAL(18,4)",
            ("Churn and contraction of the subscription in that month, once a month; null when in several "
            "currencies."), ""),
        ("customer_left", "BOOLEAN", "Whether the customer had no active subscription from that day on.", ""),
        ("reactivated_on", "DATE", "Day of the next start; null when there is none, or none is known.", ""),
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
        ("cohort_month", "DATE", "First day of the month of the first start.", ""),
        ("age_months", "INTEGER", "Months since each one's own start; 0 is the end of the first day.", ""),
        ("cohort_size", "BIGINT", "Members of the cohort.", ""),
        ("active", "BIGINT", "Active at that age, those who left and returned included.", ""),
        ("never_cancelled", "BIGINT", "Active at that age without a break.", ""),
        ("active_rate", "DOUBLE", "active / cohort_size.", ""),
        ("never_cancelled_rate", "DOUBLE", "never_cancelled / cohort_size.", ""),
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
        ("cohort_month", "DATE", "First day of the month of the first start.", ""),
        ("order_number", "INTEGER", "Number of the recurring order, 1 to 24; the checkout order is not counted.", ""),
        ("cohort_size", "BIGINT", "Subscriptions of the cohort.", ""),
        ("reached", "BIGINT", "Had that many recurring boxes placed.", ""),
        ("ended_before", "BIGINT", "Not active now, without having reached it.", ""),
        ("on_their_way", "BIGINT", "Active, and not there yet.", ""),
    ),
)

# fmt: on

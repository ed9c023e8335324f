"""MARTS: all marts in the order in which they are made, each after what it is made of.

What they depend on is told without what follows from it: order_totals comes after the bridge, the bridge after orders.
"""

from og_assets.warehouse.derived_table import DerivedTable
from og_assets.warehouse.marts import orders, recurring_revenue, subscribers

MARTS: tuple[DerivedTable, ...] = (
    subscribers.MARTS_AS_OF,
    subscribers.SUBSCRIPTION_PERIODS,
    subscribers.CUSTOMER_PERIODS,
    orders.SKIPS,
    subscribers.SUBSCRIPTION_OVERVIEW,
    subscribers.CUSTOMER_OVERVIEW,
    orders.DAILY_FACTS,
    recurring_revenue.MRR_MOVEMENTS,
    recurring_revenue.MRR_MONTHLY,
    recurring_revenue.CANCELLATIONS,
    recurring_revenue.CHURN_MONTHLY,
    recurring_revenue.RETENTION_COHORTS,
    recurring_revenue.RETENTION_BY_ORDER,
    orders.FORECAST_BASIS,
    orders.ORDER_FORECAST,
    orders.ORDER_FORECAST_LOG,
    orders.PRODUCT_MONTHLY,
    orders.DISCOUNTS_MONTHLY,
)

BASES = (
    "terms",
    "term_versions",
    "order_numbers",
    "product_numbers",
    "lines",
    "shipments",
    "periods",
    "stretches",
    "mrr_months",
    "mrr_points",
    "line_months",
    "cohort_lives",
)
"""What several marts are made of, in order; in the scratch database only. Each is sql/marts/<name>.sql."""

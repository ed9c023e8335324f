-- One row per order of orders_in_scope: what its items in the bridge add up to, beside what Ordergroove says.
INSERT INTO analytics.order_totals BY NAME
WITH sums AS (
    SELECT
        "order",
        count(*)                                                   AS items,
        sum(quantity)                                              AS units,
        count(DISTINCT subscription)                               AS subscriptions,
        -- An item without a subscription is a one-time item (reference: items-list).
        sum(total_price) FILTER (WHERE subscription IS NOT NULL)   AS subscription_revenue,
        sum(total_price) FILTER (WHERE subscription IS NULL)       AS one_time_revenue
    FROM bridge_in_scope
    WHERE NOT is_deleted
    GROUP BY "order"
),
compared AS (
    SELECT
        orders.public_id                                           AS "order",
        orders.customer,
        orders.currency_code,
        orders.status,
        statuses.name                                              AS status_name,
        orders.place_date,
        coalesce(sums.items, 0)                                    AS items,
        CAST(coalesce(sums.units, 0) AS BIGINT)                    AS units,
        coalesce(sums.subscriptions, 0)                            AS subscriptions,
        coalesce(sums.subscription_revenue, 0)                     AS subscription_revenue,
        coalesce(sums.one_time_revenue, 0)                         AS one_time_revenue,
        -- Two amounts of 14 digits may add up to 15.
        CAST(orders.sub_total AS DECIMAL(38, 4))                   AS wide_sub_total,
        orders.sub_total,
        orders.discount_total,
        orders.tax_total,
        orders.shipping_total,
        orders.total,
        gone.id IS NOT NULL                                        AS is_deleted
    FROM orders_in_scope AS orders
    LEFT JOIN sums ON sums."order" = orders.public_id
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    LEFT JOIN live_tombstones AS gone ON gone.object = 'orders' AND gone.id = orders.public_id
)
SELECT
    * EXCLUDE (wide_sub_total),
    subscription_revenue + one_time_revenue                        AS items_total,
    -- sub_total is the sum of the items after discounts (guide: object-reference),
    wide_sub_total - (subscription_revenue + one_time_revenue)     AS items_difference,
    -- and total is sub_total, tax and shipping; the discount is already inside sub_total.
    total - (wide_sub_total + tax_total + shipping_total)          AS total_difference,
    CASE WHEN NOT is_deleted THEN abs(items_difference) <= 0.01 AND abs(total_difference) <= 0.01 END AS agrees
FROM compared;

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
        gone.id IS NOT NULL                                        AS is_deleted,
        CASE
            WHEN gone.id IS NOT NULL                                                            THEN 'deleted'
            WHEN orders.status = 1                                                              THEN 'scheduled'
            WHEN orders.status = 5 AND (orders.tries > 1 OR orders.generic_error_count > 0)     THEN 'recovered'
            WHEN orders.status = 5                                                              THEN 'placed'
            WHEN orders.status IN (3, 14)                                                       THEN 'rejected'
            -- cancelled before any attempt; else the shop answered 030
            WHEN orders.status = 4 AND coalesce(orders.tries, 0) = 0                            THEN 'skipped'
            WHEN orders.status = 4                                                              THEN 'shop_cancel'
            WHEN orders.status = 17                                                             THEN 'merged'
            WHEN orders.status IN (12, 13, 15, 18, 19, 20)                                      THEN 'in_retry'
            WHEN orders.status IN (6, 9, 10, 11)                                                THEN 'in_placement'
            ELSE 'unknown'
        END                                                        AS outcome,
        orders.tries                                               AS attempts,
        orders.rejected_message,
        orders.extra_data,
        orders.created                                             AS created_at,
        orders.cancelled                                           AS cancelled_at
    FROM orders_in_scope AS orders
    LEFT JOIN sums ON sums."order" = orders.public_id
    LEFT JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
    LEFT JOIN live_tombstones AS gone ON gone.object = 'orders' AND gone.id = orders.public_id
)
SELECT
    * EXCLUDE (wide_sub_total, rejected_message, extra_data),
    outcome IN ('placed', 'recovered')                             AS is_placed,
    CASE
        WHEN status IN (3, 14, 12, 13, 15, 18, 19, 20)  -- rejected or tried again
            THEN json_extract_string(TRY_CAST(rejected_message AS JSON), '$.code')
    END                                                            AS error_code,
    CASE WHEN status = 17 THEN json_extract_string(extra_data, '$.merged_order_id') END AS merged_into,
    subscription_revenue + one_time_revenue                        AS items_total,
    -- sub_total is the sum of the items after discounts (guide: object-reference),
    wide_sub_total - (subscription_revenue + one_time_revenue)     AS items_difference,
    -- and total is sub_total, tax and shipping; the discount is already inside sub_total.
    total - (wide_sub_total + tax_total + shipping_total)          AS total_difference,
    CASE WHEN NOT is_deleted THEN abs(items_difference) <= 0.01 AND abs(total_difference) <= 0.01 END AS agrees
FROM compared;

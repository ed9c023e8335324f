-- Questions that analysts ask, with the SQL that answers them. Each stands by itself: copy one, or run all of them with
--   og docs recipes.sql | og query
-- data.md explains the columns (og docs data). The views *_current leave out what is deleted. Days are as Ordergroove
-- wrote them. Amounts are in the currency of the order. From recipe 21 on the marts answer: metrics.md says what their
-- figures mean (og docs metrics), and analytics.marts_as_of of which day they are.

-- 1. Active subscriptions by product
SELECT
    subscriptions.product,
    products.name,
    count(*)                                AS active_subscriptions,
    sum(subscriptions.quantity)             AS units_per_shipment
FROM ordergroove.subscriptions
LEFT JOIN ordergroove.products ON products.external_product_id = subscriptions.product
WHERE subscriptions.live
GROUP BY ALL
ORDER BY active_subscriptions DESC, subscriptions.product;

-- 2. Orders that wait for their day, by week
-- This is no forecast: Ordergroove makes only the next order of each subscription, so weeks that are further away than
-- one interval look empty; recipe 23 looks further. Status 1 is UNSENT; amounts may change until the order is placed.
SELECT
    CAST(date_trunc('week', place_date) AS DATE) AS week_of,
    count(*)                                AS orders,
    sum(items)                              AS items,
    sum(total)                              AS total,
    currency_code
FROM analytics.order_totals_current
WHERE status = 1
GROUP BY ALL
ORDER BY week_of;

-- 3. Cancellations by reason
-- Subscriptions that are cancelled now; one that was started again is not among them. The wording is the part of
-- `4|Other` after the code. A reason without a code in front is a text of the customer's or the shop's own, and says
-- nothing about the code: those are counted in own_words.
SELECT
    cancel_reason_code_number               AS reason_code,
    arg_max(split_part(cancel_reason, '|', 2), cancelled)
        FILTER (starts_with(cancel_reason, cancel_reason_code_number || '|')) AS wording,
    count(*)                                AS cancelled_subscriptions,
    count(*) FILTER (NOT starts_with(cancel_reason, cancel_reason_code_number || '|')) AS own_words,
    max(cancelled)                          AS last_cancelled
FROM ordergroove.subscriptions
WHERE cancelled IS NOT NULL
GROUP BY ALL
ORDER BY cancelled_subscriptions DESC, reason_code;

-- 4. Repeat orders per subscription
-- How many subscriptions have had how many orders placed; an order holds a bundle in several items.
WITH placed AS (
    SELECT subscriptions.public_id, count(DISTINCT bridge."order") AS placed_orders
    FROM ordergroove.subscriptions
    LEFT JOIN analytics.items_orders_bridge_current AS bridge
        ON bridge.subscription = subscriptions.public_id AND bridge.order_status = 5
    GROUP BY ALL
)
SELECT placed_orders, count(*) AS subscriptions
FROM placed
GROUP BY ALL
ORDER BY placed_orders;

-- 5. One-time upsell share by month
-- What was placed, with and without a subscription behind it; before tax and shipping.
SELECT
    CAST(date_trunc('month', place_date) AS DATE) AS month,
    currency_code,
    sum(subscription_revenue)               AS subscription_revenue,
    sum(one_time_revenue)                   AS one_time_revenue,
    round(100 * sum(one_time_revenue) / nullif(sum(items_total), 0), 1) AS one_time_per_cent
FROM analytics.order_totals_current
WHERE status = 5
GROUP BY ALL
ORDER BY month, currency_code;

-- 6. Skipped, cancelled and deleted orders by month
-- Status 4 (CANCELLED) is an order that was skipped or cancelled as a whole; the API does not say which of the two.
-- Deleted orders are gone at Ordergroove: a subscription was cancelled, or its date was moved. Their month is that of
-- the deletion, the month of the others that in which they would have been placed.
SELECT
    CAST(date_trunc('month', day) AS DATE)  AS month,
    count(*) FILTER (what = 'cancelled')    AS skipped_or_cancelled,
    count(*) FILTER (what = 'deleted')      AS deleted
FROM (
    SELECT place_date AS day, 'cancelled' AS what
    FROM ordergroove.orders_current
    WHERE status = 4
    UNION ALL
    SELECT CAST(deleted_at AT TIME ZONE 'America/New_York' AS DATE), 'deleted'
    FROM analytics.deletion_tombstones
    WHERE object = 'orders' AND lifted_at IS NULL
)
GROUP BY ALL
ORDER BY month;

-- 7. Failed orders by error code
-- Rejected orders and those that are being tried again. The shop's message may itself be JSON with a code.
SELECT
    statuses.name                           AS status,
    CASE WHEN json_valid(rejected_message) THEN rejected_message ->> '$.code' END    AS error_code,
    CASE WHEN json_valid(rejected_message) THEN rejected_message ->> '$.message' ELSE rejected_message END AS message,
    count(*)                                AS orders,
    sum(total)                              AS total
FROM ordergroove.orders_current AS orders
JOIN ordergroove.order_statuses AS statuses ON statuses.code = orders.status
WHERE orders.status IN (3, 12, 13, 14, 15, 18, 19, 20)
GROUP BY ALL
ORDER BY orders DESC, error_code;

-- 8. Revenue by month placed
-- Of the items, as in recipe 5, and with tax and shipping, as the customer paid it.
SELECT
    CAST(date_trunc('month', place_date) AS DATE) AS month,
    currency_code,
    count(*)                                AS orders,
    sum(items_total)                        AS items_revenue,
    sum(total)                              AS revenue_with_tax_and_shipping,
    round(sum(total) / count(*), 2)         AS average_order_with_tax_and_shipping
FROM analytics.order_totals_current
WHERE status = 5
GROUP BY ALL
ORDER BY month, currency_code;

-- 9. Churn by month
-- Of the subscriptions that were active when a month began, how many left in it. One that was taken up again counts as
-- returned where a webhook or two syncs tell of it. The month that is under way has few cancellations because it is not
-- over.
SELECT
    month,
    opening                                 AS active_at_start,
    cancelled_of_opening                    AS cancelled,
    round(100 * churn_rate, 1)              AS churn_per_cent,
    NOT is_complete                         AS under_way
FROM analytics.churn_monthly
WHERE level = 'subscription'
ORDER BY month;

-- 10. Subscriptions per customer
-- How many customers have how many active subscriptions.
WITH per_customer AS (
    SELECT customers.merchant_user_id, count(subscriptions.public_id) AS active_subscriptions
    FROM ordergroove.customers
    LEFT JOIN ordergroove.subscriptions
        ON subscriptions.customer = customers.merchant_user_id AND subscriptions.live
    GROUP BY ALL
)
SELECT active_subscriptions, count(*) AS customers
FROM per_customer
GROUP BY ALL
ORDER BY active_subscriptions;

-- 11. Demand per product in the next 30 days
-- Units in orders that wait for their day, one-time items included. A box of the older kind is one item with a list of
-- products in it, whose quantity may be missing (then it is 1): it is taken apart. As in recipe 2, orders that are not
-- made yet are missing.
WITH due AS (
    SELECT bridge."order", bridge.product, bridge.quantity, items.components
    FROM analytics.items_orders_bridge_current AS bridge
    JOIN ordergroove.items_current AS items ON items.public_id = bridge.item
    WHERE bridge.order_status = 1 AND bridge.place_date < current_date + 30
),
parts AS (
    SELECT "order", product, quantity FROM due WHERE coalesce(json_array_length(components), 0) = 0
    UNION ALL
    SELECT "order", part ->> '$.product', quantity * coalesce(CAST(part ->> '$.quantity' AS INTEGER), 1)
    FROM (SELECT "order", quantity, unnest(json_extract(components, '$[*]')) AS part FROM due)
)
SELECT
    parts.product,
    products.name,
    sum(parts.quantity)                     AS units,
    count(DISTINCT parts."order")           AS orders
FROM parts
LEFT JOIN ordergroove.products ON products.external_product_id = parts.product
GROUP BY ALL
ORDER BY units DESC, parts.product;

-- 12. Deletions by source
-- How each deletion became known, and how long that took at most, at the median. A webhook tells when it happened; of
-- what the sweep finds we only know when it was last there (deleted_after).
SELECT
    object,
    source,
    count(*)                                AS deletions,
    median(detected_at - coalesce(deleted_after, deleted_at)) AS median_delay_at_most
FROM analytics.deletion_tombstones
WHERE lifted_at IS NULL
GROUP BY ALL
ORDER BY object, source;

-- 13. New and cancelled subscriptions by month
-- Those that came and went within a month are in both; a month without any is there too.
SELECT
    month,
    new                                     AS new_subscriptions,
    returned                                AS returned_subscriptions,
    cancelled                               AS cancelled_subscriptions,
    closing                                 AS active_at_end
FROM analytics.churn_monthly
WHERE level = 'subscription'
ORDER BY month;

-- 14. How often people want their orders
SELECT
    every,
    CASE every_period WHEN 1 THEN 'days' WHEN 2 THEN 'weeks' WHEN 3 THEN 'months' WHEN 4 THEN 'years' END AS period,
    count(*)                                AS active_subscriptions
FROM ordergroove.subscriptions
WHERE live
GROUP BY ALL
ORDER BY active_subscriptions DESC, every, period;

-- 15. The next order of each active subscription
-- A subscription without one is worth a look: its item was removed, or the order is yet to be made.
SELECT
    subscriptions.public_id                 AS subscription,
    subscriptions.customer,
    subscriptions.product,
    min(bridge.place_date)                  AS next_order
FROM ordergroove.subscriptions
LEFT JOIN analytics.items_orders_bridge_current AS bridge
    ON bridge.subscription = subscriptions.public_id AND bridge.order_status = 1
WHERE subscriptions.live
GROUP BY ALL
ORDER BY next_order NULLS FIRST, subscription;

-- 16. Customers by what they have spent
SELECT
    customer,
    currency_code,
    count(*)                                AS placed_orders,
    sum(total)                              AS spent,
    min(place_date)                         AS first_order,
    max(place_date)                         AS last_order
FROM analytics.order_totals_current
WHERE status = 5
GROUP BY ALL
ORDER BY spent DESC, customer
LIMIT 100;

-- 17. Orders whose items do not add up to what Ordergroove says
-- None is the rule. A difference of more than a cent is worth a question to Ordergroove.
SELECT "order", status_name, items, items_total, sub_total, items_difference, total, total_difference
FROM analytics.order_totals_current
WHERE NOT agrees
ORDER BY abs(items_difference) + abs(total_difference) DESC;

-- 18. What an item looked like before it was deleted
SELECT
    deleted_at,
    source,
    "order",
    subscription,
    last_state ->> '$.product'              AS product,
    CAST(last_state ->> '$.quantity' AS INTEGER) AS quantity
FROM analytics.deletion_tombstones
WHERE object = 'items' AND lifted_at IS NULL
ORDER BY deleted_at DESC;

-- 19. How fresh the data is
-- All that changed at Ordergroove before the watermark is here.
SELECT object, watermark, now() - watermark AS age
FROM ops.sync_state
ORDER BY watermark, object;

-- 20. What each sync brought
SELECT
    date_trunc('minute', min(started_at))   AS started,
    run_id,
    sum(requests)                           AS requests,
    sum(inserted)                           AS inserted,
    sum(updated)                            AS updated,
    sum(quarantined)                        AS quarantined,
    string_agg(object, ', ') FILTER (outcome <> 'succeeded') AS not_succeeded
FROM ops.sync_runs
GROUP BY run_id
ORDER BY started DESC
LIMIT 30;

-- 21. Recurring revenue: what came and went
-- opening + new + reactivation + expansion - contraction - churn = closing. A rate, not the cash of the month.
SELECT
    month,
    currency_code,
    opening_mrr,
    new_mrr,
    reactivation_mrr,
    expansion_mrr,
    contraction_mrr,
    churn_mrr,
    closing_mrr,
    round(100 * net_churn_rate, 1)          AS net_churn_per_cent
FROM analytics.mrr_monthly
ORDER BY currency_code, month;

-- 22. Recurring revenue by where subscriptions stand
-- At risk are disengaged, payment_failing and without_next_order.
SELECT
    lifecycle,
    currency_code,
    count(*)                                AS subscriptions,
    sum(mrr)                                AS mrr
FROM analytics.subscription_overview
WHERE is_active
GROUP BY ALL
ORDER BY currency_code, mrr DESC, lifecycle;

-- 23. Units to send in the next eight weeks, by product and week
-- Orders that exist, and behind them what each subscription will order. Expected is after the usual failures, skips and
-- cancellations.
SELECT
    week_of,
    forecast.product,
    products.name,
    CAST(sum(units) AS BIGINT)              AS planned_units,
    round(sum(expected_units), 1)           AS expected_units
FROM analytics.order_forecast AS forecast
JOIN analytics.marts_as_of ON week_of < as_of_date + 56
LEFT JOIN ordergroove.products ON products.external_product_id = forecast.product
GROUP BY ALL
ORDER BY week_of, planned_units DESC, forecast.product;

-- 24. Who stays: per cent still active after one, three, six and twelve months
-- Months since each one's own start; imported subscriptions are left out. Empty: not all of the cohort is that old.
SELECT
    cohort_month,
    cohort_size,
    round(100 * max(active_rate) FILTER (age_months = 1), 1) AS after_1_month,
    round(100 * max(active_rate) FILTER (age_months = 3), 1) AS after_3_months,
    round(100 * max(active_rate) FILTER (age_months = 6), 1) AS after_6_months,
    round(100 * max(active_rate) FILTER (age_months = 12), 1) AS after_12_months
FROM analytics.retention_cohorts
WHERE level = 'subscription'
GROUP BY ALL
ORDER BY cohort_month;

-- 25. After which order subscriptions end
-- Of the subscriptions whose fate is known, what part reached their n-th recurring order.
SELECT
    order_number,
    sum(reached)                            AS reached,
    sum(ended_before)                       AS ended_before,
    round(100 * sum(reached) / nullif(sum(reached) + sum(ended_before), 0), 1) AS reached_per_cent
FROM analytics.retention_by_order
GROUP BY order_number
HAVING sum(reached) > 0
ORDER BY order_number;

-- 26. Customers to win back
-- Left in the last 90 days, those first who had spent most.
SELECT customer, churned_on, subscribed_on, orders_placed, revenue, currency_code
FROM analytics.customer_overview
JOIN analytics.marts_as_of ON churned_on >= as_of_date - 90
ORDER BY revenue DESC NULLS LAST, customer
LIMIT 100;

-- 27. Subscriptions whose payments fail
-- They are live, and Ordergroove goes on trying: whoever asks the customer for another card keeps them.
SELECT subscription, customer, product, lifecycle, rejections_in_a_row, last_order_on, mrr, currency_code
FROM analytics.subscription_overview
WHERE lifecycle IN ('payment_failing', 'disengaged')
ORDER BY mrr DESC NULLS LAST, subscription;

-- 28. How placing orders goes, by month
-- Sent are orders that were tried at all. The recovery rate of the last weeks still moves: retries are under way.
SELECT
    CAST(date_trunc('month', day) AS DATE)  AS month,
    sum(orders_placed + orders_recovered + orders_rejected + orders_in_retry + orders_in_placement) AS sent,
    round(100 * sum(orders_placed) / nullif(sent, 0), 1) AS first_try_per_cent,
    round(100 * sum(orders_rejected) / nullif(sent, 0), 1) AS rejected_per_cent,
    round(100 * sum(orders_recovered) / nullif(sum(orders_recovered + orders_rejected), 0), 1) AS recovered_per_cent
FROM analytics.daily_facts
GROUP BY month
ORDER BY month;

-- 29. Subscriptions that wait longer than their interval
-- What people call a pause: Ordergroove has no such state, only a later date.
SELECT subscription, customer, product, interval_days, last_order_on, next_order_on, mrr, currency_code
FROM analytics.subscription_overview
WHERE is_active AND is_postponed
ORDER BY next_order_on, subscription;

-- 30. Who skips most
SELECT
    subscription,
    count(*)                                AS skips,
    max(due_on)                             AS last_due,
    any_value(orders_placed)                AS orders_placed,
    any_value(lifecycle)                    AS lifecycle
FROM analytics.skips
JOIN analytics.subscription_overview USING (subscription)
GROUP BY subscription
ORDER BY skips DESC, last_due DESC, subscription
LIMIT 100;

-- 31. What products sell, month by month
SELECT
    month,
    name,
    product,
    currency_code,
    units,
    revenue,
    round(100 * one_time_revenue / nullif(revenue, 0), 1) AS one_time_per_cent,
    closing_mrr
FROM analytics.product_monthly
WHERE units > 0 OR closing_mrr > 0
ORDER BY month DESC, revenue DESC, product;

-- 32. What discounts cost, by offer and month
-- list_value is quantity x price before discounts, as far as the API tells.
SELECT
    month,
    currency_code,
    coalesce(offer_profile_name, code)      AS offer,
    sum(list_value)                         AS list_value,
    sum(line_discount)                      AS discount,
    round(100 * sum(line_discount) / nullif(sum(list_value), 0), 1) AS discount_per_cent
FROM analytics.discounts_monthly
WHERE kind = 'offer'
GROUP BY ALL
ORDER BY month DESC, discount DESC, offer;

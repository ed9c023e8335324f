-- ERROR: outcomes add up to orders_due, and these to order_totals
SELECT 1
FROM (
    SELECT
        coalesce(sum(orders_due), 0) AS due,
        coalesce(sum(
            orders_placed + orders_recovered + orders_rejected + orders_in_retry + orders_in_placement + orders_skipped
            + orders_shop_cancel + orders_merged + orders_deleted + orders_overdue + orders_unknown
        ), 0) AS outcomes,
        (SELECT count(*) FROM orders CROSS JOIN marts_as_of WHERE place_date <= as_of_date) AS orders
    FROM daily_facts
)
WHERE due <> outcomes OR due <> orders;

-- ERROR: revenue and total = placed orders of order_totals
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(revenue), 0) FROM daily_facts) AS revenue,
        (SELECT coalesce(sum(total), 0) FROM daily_facts)   AS total,
        coalesce(sum(sub_total), 0)                         AS placed_revenue,
        coalesce(sum(orders.total), 0)                      AS placed_total
    FROM orders
    CROSS JOIN marts_as_of
    WHERE is_placed AND place_date <= as_of_date
)
WHERE revenue <> placed_revenue OR total <> placed_total;

-- ERROR: active_subscriptions of the last day = active ones of subscription_overview
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(active_subscriptions), 0) FROM daily_facts JOIN marts_as_of ON day = as_of_date) AS told,
        (SELECT count(*) FROM subscription_overview WHERE is_active AND started_on IS NOT NULL) AS active
)
WHERE told <> active;

-- WARN 0: orders with a status that is not documented
SELECT count(*) FILTER (outcome = 'unknown') AS found, count(*) AS among
FROM orders;

-- WARN 0.001: items whose order has not arrived
SELECT items AS found, among
FROM unknown_orders;

-- WARN 0.01: scheduled orders overdue by more than 2 days
SELECT count(*) FILTER (place_date < as_of_date - 2) AS found, count(*) AS among
FROM orders
CROSS JOIN marts_as_of
WHERE outcome = 'scheduled';

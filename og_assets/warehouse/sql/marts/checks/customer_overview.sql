-- ERROR: one row per customer of ordergroove.customers
SELECT customer FROM (SELECT customer FROM customer_overview UNION ALL SELECT customer FROM customers)
GROUP BY customer
HAVING count(*) <> 2;

-- ERROR: revenue = placed orders of known customers
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(revenue), 0) FROM customer_overview) AS told,
        (
            SELECT coalesce(sum(sub_total), 0)
            FROM orders
            JOIN customer_overview USING (customer)
            WHERE is_placed AND revenue IS NOT NULL
        ) AS placed
)
WHERE told <> placed;

-- ERROR: churned exactly when there are subscriptions and none is active, and only then churned_on
SELECT customer
FROM customer_overview
WHERE (lifecycle = 'churned') <> (subscriptions > 0 AND active_subscriptions = 0)
    OR (lifecycle = 'never_subscribed') <> (subscriptions = 0)
    OR (churned_on IS NOT NULL AND lifecycle <> 'churned');

-- WARN 0.01: customers whose amounts are in several currencies
SELECT count(*) FILTER (revenue IS NULL) AS found, count(*) AS among
FROM customer_overview;

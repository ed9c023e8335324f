-- ERROR: revenue = items of placed orders
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(revenue), 0) FROM discounts_monthly)                      AS told,
        (
            SELECT coalesce(sum(subscription_revenue + one_time_revenue), 0)
            FROM orders
            CROSS JOIN marts_as_of
            WHERE is_placed AND place_date <= as_of_date
        ) AS placed
)
WHERE told <> placed;

-- WARN 0.01: line discounts beside discount_total of the orders (in cents)
SELECT
    CAST(100 * abs(coalesce(sum(amount), 0)) AS BIGINT)                 AS found,
    CAST(100 * coalesce(sum(amount) FILTER (is_total), 0) AS BIGINT)    AS among
FROM (
    SELECT -line_discount AS amount, false AS is_total FROM discounts_monthly WHERE kind = 'offer'
    UNION ALL
    SELECT discount_total, true FROM orders CROSS JOIN marts_as_of WHERE is_placed AND place_date <= as_of_date
);

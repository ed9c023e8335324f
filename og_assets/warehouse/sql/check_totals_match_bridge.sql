-- Orders whose totals are not the sum of their rows in the bridge.
WITH sums AS (
    SELECT "order", count(*) AS items, sum(total_price) AS items_total
    FROM {bridge}
    WHERE NOT is_deleted
    GROUP BY "order"
)
SELECT totals."order" AS key, 1 AS rows
FROM {totals} AS totals
LEFT JOIN sums ON sums."order" = totals."order"
WHERE totals.items <> coalesce(sums.items, 0)
   OR totals.items_total <> coalesce(sums.items_total, 0)

-- The orders of the items that a check looks at: those that the derivation has found, and what it has overlooked.
FROM orders_in_scope
UNION ALL
FROM ordergroove.orders
WHERE public_id IN (SELECT "order" FROM items WHERE "order" NOT IN (SELECT public_id FROM orders_in_scope))

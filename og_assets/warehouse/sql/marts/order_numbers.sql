-- The orders numbered in order of time: of two boxes the one with the greater `o` came later. Narrow, because it is sorted.
SELECT at_row, row_number() OVER (ORDER BY place_date NULLS FIRST, created_at NULLS FIRST, "order") AS o
FROM orders

-- All orders, numbered in order of time: of two boxes the one with the greater `o` came later.
SELECT
    row_number() OVER (ORDER BY place_date NULLS FIRST, created_at NULLS FIRST, "order") AS o,
    *
FROM order_rows

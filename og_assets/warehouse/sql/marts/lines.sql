-- The items of all orders, without what is deleted.
SELECT
    orders.o,
    s,
    is_one_time,
    coalesce(p, 0) AS p,
    offer,
    quantity,
    price,
    total_price
FROM line_rows
JOIN orders USING (at_row)
LEFT JOIN product_numbers USING (product)

-- The items of all orders, without what is deleted.
SELECT
    at_row,
    s,
    is_one_time,
    coalesce(p, 0) AS p,
    offer,
    quantity,
    price,
    total_price
FROM line_rows
LEFT JOIN product_numbers USING (product)

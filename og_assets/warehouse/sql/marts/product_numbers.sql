-- Products that items or subscriptions name, as whole numbers from 1; 0 is no product.
SELECT CAST(row_number() OVER (ORDER BY product) AS INTEGER) AS p, product
FROM (SELECT product FROM line_rows UNION SELECT product FROM subscriptions)
WHERE product IS NOT NULL

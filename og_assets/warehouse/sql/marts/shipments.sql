-- One row per box: what one subscription has in one order. Merged orders hold nothing, deleted ones count nowhere.
WITH boxes AS (
    SELECT
        s,
        at_row,
        CAST(sum(quantity) AS BIGINT)             AS units,
        CAST(sum(total_price) AS DECIMAL(18, 4))  AS revenue,
        CASE WHEN min(p) = max(p) THEN min(p) END AS single_p
    FROM lines
    WHERE s IS NOT NULL
    GROUP BY s, at_row
)
SELECT boxes.*, o, place_date, currency_code, outcome, is_placed
FROM boxes
JOIN orders USING (at_row)
JOIN order_numbers USING (at_row)
WHERE outcome NOT IN ('merged', 'deleted')

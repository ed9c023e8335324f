-- A subscription's monthly recurring revenue at the end of each month in which it may have changed.
-- Box numbers, months and versions only grow, so the last one known is the greatest so far.
WITH carried AS (
    SELECT
        s,
        month,
        max(o) OVER so_far                         AS o,
        coalesce(max(state) OVER so_far % 2 = 1, false) AS is_active,
        coalesce(max(v) OVER so_far, 1)            AS v
    FROM mrr_months
    WINDOW so_far AS (PARTITION BY s ORDER BY month ROWS UNBOUNDED PRECEDING)
),
first_boxes AS (  -- before the first billed box the first box at all stands for it
    SELECT s, min(o) AS o
    FROM shipments
    WHERE revenue IS NOT NULL
    GROUP BY s
),
worth AS (
    SELECT
        carried.s,
        carried.month,
        coalesce(boxes.currency_code, terms.currency_code)         AS box_currency,
        terms.currency_code                                        AS own_currency,
        -- a bundle is worth what its components cost, and is itself the product
        CASE WHEN NOT terms.is_bundle THEN nullif(boxes.single_p, 0) END AS p,
        carried.is_active AND NOT terms.in_trial                   AS is_counted,
        coalesce(boxes.revenue, terms.list_value)                  AS value,
        CASE WHEN versions.s IS NULL THEN terms.boxes_numerator ELSE versions.boxes_numerator END AS boxes_numerator,
        CASE WHEN versions.s IS NULL THEN terms.boxes_denominator ELSE versions.boxes_denominator END AS boxes_denominator,
        CASE WHEN versions.s IS NULL THEN terms.boxes_per_billing ELSE versions.boxes_per_billing END AS boxes_per_billing,
        CASE WHEN versions.s IS NULL THEN terms.last_renewal_revenue ELSE versions.last_renewal_revenue END AS last_renewal_revenue
    FROM carried
    JOIN terms USING (s)
    LEFT JOIN first_boxes USING (s)
    LEFT JOIN term_versions AS versions ON versions.s = carried.s AND versions.v = carried.v
    LEFT JOIN shipments AS boxes ON boxes.s = carried.s AND boxes.o = coalesce(carried.o, first_boxes.o)
)
SELECT
    s,
    month,
    -- of a prepaid cycle one box is billed for all, so its boxes would read 0, 0, 300
    boxes_per_billing > 0 AND last_renewal_revenue IS NOT NULL  AS is_prepaid,
    CASE WHEN is_prepaid THEN own_currency ELSE box_currency END AS currency_code,
    p,
    CASE
        WHEN NOT is_counted THEN 0
        WHEN is_prepaid
            THEN coalesce(share_of(last_renewal_revenue, boxes_numerator, boxes_denominator * boxes_per_billing), 0)
        ELSE coalesce(share_of(value, boxes_numerator, boxes_denominator), 0)
    END AS mrr
FROM worth

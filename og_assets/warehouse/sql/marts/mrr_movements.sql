-- The customer within a currency decides what a change is called, month end against month end.
WITH points AS (
    SELECT s, month, mrr_points.currency_code, coalesce(mrr_points.p, numbers.p, 0) AS p, mrr
    FROM mrr_points
    JOIN terms USING (s)
    LEFT JOIN product_numbers AS numbers ON numbers.product = terms.product
),
differences AS (
    SELECT
        *,
        coalesce(lag(mrr) OVER by_month, 0) AS mrr_before,
        lag(p) OVER by_month                AS p_before,
        lag(currency_code) OVER by_month    AS currency_before
    FROM points
    WINDOW by_month AS (PARTITION BY s ORDER BY month)
    QUALIFY mrr <> mrr_before OR (mrr > 0 AND (p <> p_before OR currency_code <> currency_before))
),
changes AS (
    -- Another currency: leaves the one, enters the other.
    SELECT s, month, currency_before AS currency_code, p_before AS p, -mrr_before AS amount, false AS is_swap
    FROM differences
    WHERE mrr_before > 0 AND currency_before <> currency_code
    UNION ALL
    SELECT s, month, currency_code, CASE WHEN mrr = 0 THEN p_before ELSE p END,
        CASE WHEN currency_before <> currency_code THEN mrr ELSE mrr - mrr_before END, false
    FROM differences
    UNION ALL
    -- Another product: what it was worth moves over; the rest is expansion or contraction of the new one.
    SELECT s, month, currency_code, unnest([p_before, p]), unnest([-mrr_before, mrr_before]), true
    FROM differences
    WHERE mrr_before > 0 AND mrr > 0 AND p_before <> p AND currency_before = currency_code
),
attributed AS (
    SELECT changes.*, terms.c
    FROM changes
    JOIN terms USING (s)
    WHERE amount <> 0
),
by_month AS (
    SELECT c, currency_code, month, sum(amount) AS net
    FROM attributed
    GROUP BY ALL
),
closings AS (
    SELECT c, currency_code, month, net, sum(net) OVER (PARTITION BY c, currency_code ORDER BY month) AS closing
    FROM by_month
),
states AS (
    SELECT
        c, currency_code, month, closing,
        closing - net AS opening,
        coalesce(max(closing) OVER (
            PARTITION BY c, currency_code ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) > 0     AS had_mrr
    FROM closings
)
SELECT
    attributed.month,
    attributed.currency_code,
    terms.customer,
    terms.subscription,
    product_numbers.product,
    CASE
        WHEN attributed.is_swap                        THEN 'swap'
        WHEN states.opening = 0 AND NOT states.had_mrr THEN 'new'
        WHEN states.opening = 0                        THEN 'reactivation'
        WHEN states.closing = 0                        THEN 'churn'
        WHEN attributed.amount > 0                     THEN 'expansion'
        ELSE 'contraction'
    END                                                AS movement,
    sum(attributed.amount)                             AS amount
FROM attributed
JOIN states USING (c, currency_code, month)
JOIN terms USING (s)
LEFT JOIN product_numbers USING (p)
GROUP BY ALL
HAVING sum(attributed.amount) <> 0

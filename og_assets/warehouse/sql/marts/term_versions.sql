-- The interval and prepaid terms over time, for subscriptions whose terms have changed; the first that is known
-- stands for the time before. `v` counts them.
WITH versions AS (
    SELECT
        s, valid_from, valid_to, seen_at,
        {
            'boxes_numerator': boxes_numerator(every, every_period, frequency_days),
            'boxes_denominator': boxes_denominator(every, every_period, frequency_days),
            'boxes_per_billing': nullif(greatest(prepaid_orders_per_billing, 0), 0),
            'last_renewal_revenue': last_renewal_revenue
        } AS terms
    FROM subscription_states
),
compared AS (
    SELECT
        *,
        lag(s) OVER in_order IS NULL                      AS is_first,
        lag(terms) OVER in_order IS DISTINCT FROM terms   AS differs
    FROM versions
    WINDOW in_order AS (PARTITION BY s ORDER BY valid_from, valid_to NULLS LAST, seen_at)
)
SELECT
    s,
    CAST(row_number() OVER (PARTITION BY s ORDER BY valid_from, valid_to NULLS LAST, seen_at) AS INTEGER) AS v,
    CASE
        WHEN is_first THEN DATE '1900-01-01'
        ELSE least(CAST(valid_from AT TIME ZONE business_timezone AS DATE), as_of_date)
    END AS from_on,
    terms.*
FROM compared
CROSS JOIN marts_as_of
WHERE is_first OR differs

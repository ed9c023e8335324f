WITH offered AS (
    SELECT
        month,
        currency_code,
        offer,
        sum(lines)      AS lines,
        sum(list_value) AS list_value,
        sum(revenue)    AS revenue
    FROM line_months
    GROUP BY ALL
)
SELECT
    month,
    currency_code,
    'offer'               AS kind,
    offer                 AS code,
    offer_profile,
    offer_profile_name,
    lines,
    list_value,
    revenue,
    list_value - revenue  AS line_discount,
    NULL                  AS applied,
    NULL                  AS flat_amount,
    NULL                  AS flat_item_amount,
    NULL                  AS flat_order_amount,
    NULL                  AS flat_shipping_amount
FROM offered
LEFT JOIN offers USING (offer)
UNION ALL
SELECT
    month_of((applied_at AT TIME ZONE 'UTC') AT TIME ZONE business_timezone),
    currency_code,
    'one_time_incentive',
    code,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    count(*),
    coalesce(sum(value) FILTER (discount_type = 'Flat Amount'), 0),
    coalesce(sum(value) FILTER (discount_type = 'Flat Amount' AND target = 'item'), 0),
    coalesce(sum(value) FILTER (discount_type = 'Flat Amount' AND target = 'order'), 0),
    coalesce(sum(value) FILTER (discount_type = 'Flat Amount' AND target = 'shipping_total'), 0)
FROM incentives
CROSS JOIN marts_as_of
GROUP BY ALL

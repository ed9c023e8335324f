-- One row per subscription: its interval as fraction and in days or months, and how it is prepaid.
SELECT
    subscriptions.s,
    subscriptions.c,
    subscriptions.subscription,
    subscriptions.customer,
    subscriptions.product,
    subscriptions.live,
    subscriptions.is_bundle,
    subscriptions.in_trial,
    subscriptions.currency_code,
    boxes_numerator(every, every_period, frequency_days)       AS boxes_numerator,
    boxes_denominator(every, every_period, frequency_days)     AS boxes_denominator,
    CASE
        WHEN every > 0 AND every_period = 1 THEN every
        WHEN every > 0 AND every_period = 2 THEN 7 * every
        WHEN every > 0 AND every_period = 3 THEN 365 * every // 12
        WHEN every > 0 AND every_period = 4 THEN 365 * every
        WHEN frequency_days > 0             THEN frequency_days
    END                                                        AS interval_days,
    CASE
        WHEN every > 0 AND every_period = 3 THEN every
        WHEN every > 0 AND every_period = 4 THEN 12 * every
    END                                                        AS interval_months,
    nullif(greatest(prepaid_orders_per_billing, 0), 0)         AS boxes_per_billing,
    coalesce(prepaid_orders_remaining, 0)                      AS boxes_paid,
    renewal_behavior,
    last_renewal_revenue,
    coalesce(subscriptions.quantity, 1) * coalesce(subscriptions.price, products.price) AS list_value,
    coalesce(start_date < business_day(created, business_timezone) - 1, false)          AS is_imported
FROM subscriptions
CROSS JOIN marts_as_of
LEFT JOIN products USING (product)

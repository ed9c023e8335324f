-- The currencies in which amounts are shown, each by itself; the one with the most orders first.
SELECT currency_code
FROM (
    SELECT currency_code, orders_due AS orders FROM analytics.daily_facts
    UNION ALL
    SELECT currency_code, 0 FROM analytics.mrr_monthly
)
GROUP BY ALL
ORDER BY sum(orders) DESC, currency_code;

-- Where all subscriptions stand.
SELECT lifecycle, count(*) AS subscriptions
FROM analytics.subscription_overview
GROUP BY ALL
ORDER BY lifecycle;

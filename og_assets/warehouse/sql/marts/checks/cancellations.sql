-- ERROR: cancellations of a month = cancelled_subscriptions of its days in daily_facts
SELECT month
FROM (
    SELECT month, count(*) AS amount FROM cancellations GROUP BY month
    UNION ALL
    SELECT month_of(day), -sum(cancelled_subscriptions) FROM daily_facts GROUP BY ALL
)
GROUP BY month
HAVING sum(amount) <> 0;

-- ERROR: no loss is counted twice or with the wrong sign
SELECT subscription
FROM cancellations
GROUP BY subscription, month
HAVING min(mrr_lost) < 0 OR count(*) FILTER (mrr_lost > 0) > 1;

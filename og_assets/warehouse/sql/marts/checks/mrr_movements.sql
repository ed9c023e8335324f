-- ERROR: the sign fits the movement
SELECT subscription
FROM mrr_movements
WHERE (movement IN ('new', 'reactivation', 'expansion') AND amount <= 0) OR (movement IN ('churn', 'contraction') AND amount >= 0);

-- ERROR: swaps add up to zero by month and currency
SELECT month
FROM mrr_movements
WHERE movement = 'swap'
GROUP BY month, currency_code
HAVING sum(amount) <> 0;

-- ERROR: no subscription is below zero at any month's end
SELECT subscription
FROM (
    SELECT subscription, sum(amount) OVER (PARTITION BY subscription, currency_code ORDER BY month) AS mrr
    FROM (SELECT subscription, currency_code, month, sum(amount) AS amount FROM mrr_movements GROUP BY ALL)
)
WHERE mrr < 0;

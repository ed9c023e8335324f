-- Why subscriptions ended in the last 365 days, by code; the wording where many have it.
SELECT
    reason_code,
    max(reason)                                                             AS reason,
    count(*) FILTER (churn_type = 'active')                                 AS by_choice,
    count(*) FILTER (churn_type = 'passive')                                AS passive,
    count(*) FILTER (churn_type = 'prepaid_ended')                          AS prepaid_ended,
    count(*) FILTER (churn_type = 'product_ended')                          AS product_ended,
    count(*)                                                                AS cancellations
FROM analytics.cancellations, analytics.marts_as_of
WHERE cancelled_on > as_of_date - 365
GROUP BY reason_code
ORDER BY cancellations DESC, reason_code;

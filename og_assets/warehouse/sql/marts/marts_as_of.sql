-- Up to when the warehouse is complete, and which day that is for the business. Everything below ends here and not
-- today, so that a stale warehouse shows an old day and invents no churn.
SELECT
    min(watermark)                                                    AS as_of,
    CAST(min(watermark) AT TIME ZONE $business_timezone AS DATE)      AS as_of_date,
    month_of(min(watermark) AT TIME ZONE $business_timezone)          AS as_of_month,
    $business_timezone                                                AS business_timezone
FROM ops.sync_state
WHERE object IN ('subscriptions', 'orders', 'items')
HAVING count(*) = 3

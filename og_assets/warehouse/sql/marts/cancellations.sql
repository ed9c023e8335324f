WITH ended AS (
    SELECT
        *,
        lead(started_on) OVER (PARTITION BY s ORDER BY period) AS reactivated_on,
        row_number() OVER (PARTITION BY s, month_of(ended_on) ORDER BY period DESC) = 1 AS is_last_of_month
    FROM periods
),
until_then AS (
    SELECT
        ended.s,
        ended.period,
        count(*) FILTER (is_placed)        AS orders_placed,
        sum(revenue) FILTER (is_placed)    AS revenue,
        min(currency_code) FILTER (is_placed) <> max(currency_code) FILTER (is_placed) AS is_mixed,
        -- Ordergroove's own meaning of disengaged
        max(outcome, 3 ORDER BY o) FILTER (outcome IN ('placed', 'recovered', 'rejected')) AS last_outcomes
    FROM ended
    JOIN shipments ON shipments.s = ended.s AND shipments.place_date <= ended.ended_on
    WHERE ended.ended_on IS NOT NULL
    GROUP BY ALL
),
lost AS (
    SELECT subscription, month, CASE WHEN count(DISTINCT currency_code) = 1 THEN -sum(amount) END AS mrr_lost
    FROM mrr_movements
    WHERE movement IN ('churn', 'contraction')
    GROUP BY ALL
)
SELECT
    subscriptions.subscription,
    ended.period,
    subscriptions.customer,
    subscriptions.product,
    ended.ended_at                                     AS cancelled_at,
    ended.ended_on                                     AS cancelled_on,
    month_of(ended.ended_on)                           AS month,
    ended.cancel_reason_code                           AS reason_code,
    reasons.wording                                    AS reason,
    CASE
        WHEN ended.cancel_reason_code = $disengaged_code
            OR until_then.last_outcomes = ['rejected', 'rejected', 'rejected']              THEN 'passive'
        WHEN subscriptions.renewal_behavior = 'cancel' AND subscriptions.prepaid_orders_remaining = 0 THEN 'prepaid_ended'
        WHEN products.discontinued AND ended.cancel_reason_code IS NULL                     THEN 'product_ended'
        ELSE 'active'
    END                                                AS churn_type,
    date_diff('day', ended.started_on, ended.ended_on) AS days_active,
    coalesce(until_then.orders_placed, 0)              AS orders_placed,
    CASE WHEN until_then.is_mixed IS NOT true THEN coalesce(until_then.revenue, 0) END AS revenue,
    -- two cancellations of one month lose the month's loss once
    CASE WHEN lost.subscription IS NULL OR NOT ended.is_last_of_month THEN 0 ELSE lost.mrr_lost END AS mrr_lost,
    leavers.c IS NOT NULL                              AS customer_left,
    ended.reactivated_on
FROM ended
JOIN subscriptions USING (s)
LEFT JOIN products USING (product)
LEFT JOIN until_then ON until_then.s = ended.s AND until_then.period = ended.period
LEFT JOIN lost ON lost.subscription = subscriptions.subscription AND lost.month = month_of(ended.ended_on)
LEFT JOIN reasons ON reasons.code = ended.cancel_reason_code
LEFT JOIN (SELECT DISTINCT c, ended_on FROM stretches) AS leavers
    ON leavers.c = subscriptions.c AND leavers.ended_on = ended.ended_on
WHERE ended.ended_on IS NOT NULL

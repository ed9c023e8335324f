WITH decided AS (
    SELECT s, o, outcome
    FROM shipments
    WHERE outcome IN ('placed', 'recovered', 'rejected')
        AND s IN (SELECT s FROM shipments WHERE outcome = 'rejected')
),
streaks AS (  -- rejections since the last success
    SELECT s, count(*) AS rejections_in_a_row
    FROM decided
    LEFT JOIN (
        SELECT s, max(o) AS last_success FROM decided WHERE outcome <> 'rejected' GROUP BY s
    ) USING (s)
    WHERE o > coalesce(last_success, 0)
    GROUP BY s
),
boxes AS (
    SELECT
        s,
        count(*) FILTER (is_placed)                             AS orders_placed,
        sum(units) FILTER (is_placed)                           AS units_placed,
        CAST(sum(revenue) FILTER (is_placed) AS DECIMAL(18, 4)) AS revenue,
        min(place_date) FILTER (is_placed)                      AS first_order_on,
        max(place_date) FILTER (is_placed)                      AS last_order_on,
        count(*) FILTER (outcome = 'rejected')                  AS orders_rejected,
        count(*) FILTER (outcome = 'recovered')                 AS orders_recovered,
        count(*) FILTER (outcome = 'in_retry')                  AS orders_in_retry,
        min(o) FILTER (outcome = 'scheduled')                   AS next_o,
        min(currency_code) FILTER (is_placed)                   AS currency_code,
        min(currency_code) FILTER (is_placed) <> max(currency_code) FILTER (is_placed) AS is_mixed
    FROM shipments
    GROUP BY s
),
skipped AS (
    SELECT subscription, count(*) AS skips, max(due_on) AS last_skip_on
    FROM skips
    GROUP BY subscription
),
lives AS (
    SELECT
        s,
        count(*)                                 AS periods,
        min(started_on)                          AS started_on,
        arg_max_null(ended_on, period)           AS ended_on,
        arg_max_null(cancel_reason_code, period) AS cancel_reason_code,
        bool_or(is_estimated)                    AS is_estimated
    FROM periods
    GROUP BY s
),
worth AS (
    SELECT s, arg_max(mrr, month) AS mrr, arg_max(currency_code, month) AS currency_code
    FROM mrr_points
    GROUP BY s
)
SELECT
    subscriptions.subscription,
    subscriptions.customer,
    subscriptions.product,
    subscriptions.offer,
    CASE
        WHEN NOT subscriptions.live                                         THEN 'cancelled'
        WHEN subscriptions.in_trial                                         THEN 'trial'
        WHEN streaks.rejections_in_a_row >= 3                               THEN 'disengaged'
        WHEN boxes.orders_in_retry > 0 OR streaks.rejections_in_a_row > 0   THEN 'payment_failing'
        WHEN boxes.next_o IS NULL                                           THEN 'without_next_order'
        WHEN boxes.orders_placed = 0                                        THEN 'new'
        ELSE 'active'
    END                                                                     AS lifecycle,
    subscriptions.live                                                      AS is_active,
    lives.started_on,
    lives.ended_on,
    coalesce(lives.periods, 0)                                              AS periods,
    coalesce(lives.is_estimated, true)                                      AS is_estimated,
    date_diff('day', lives.started_on, coalesce(lives.ended_on, as_of_date)) AS age_days,
    terms.is_imported,
    subscriptions.origin,
    subscriptions.every,
    subscriptions.every_period,
    terms.interval_days,
    subscriptions.quantity,
    subscriptions.is_bundle,
    terms.boxes_per_billing IS NOT NULL                                     AS is_prepaid,
    subscriptions.prepaid_orders_remaining,
    subscriptions.renewal_behavior,
    coalesce(boxes.orders_placed, 0)                                        AS orders_placed,
    coalesce(boxes.units_placed, 0)                                         AS units_placed,
    CASE WHEN boxes.is_mixed IS NOT true THEN coalesce(boxes.revenue, 0) END AS revenue,
    CASE
        WHEN boxes.is_mixed IS NOT true THEN coalesce(boxes.currency_code, worth.currency_code, terms.currency_code)
    END                                                                     AS currency_code,
    boxes.first_order_on,
    boxes.last_order_on,
    next_boxes.place_date                                                   AS next_order_on,
    next_orders."order"                                                     AS next_order,
    next_boxes.revenue                                                      AS next_order_value,
    coalesce(
        2 * date_diff('day', coalesce(boxes.last_order_on, lives.started_on), next_boxes.place_date)
        > 3 * terms.interval_days,
        false
    )                                                                       AS is_postponed,
    coalesce(boxes.orders_rejected, 0)                                      AS orders_rejected,
    coalesce(boxes.orders_recovered, 0)                                     AS orders_recovered,
    coalesce(streaks.rejections_in_a_row, 0)                                AS rejections_in_a_row,
    coalesce(skipped.skips, 0)                                              AS skips,
    skipped.last_skip_on,
    coalesce(worth.mrr, 0)                                                  AS mrr,
    CASE WHEN NOT subscriptions.live THEN lives.cancel_reason_code END      AS cancel_reason_code
FROM subscriptions
CROSS JOIN marts_as_of
JOIN terms USING (s)
LEFT JOIN boxes USING (s)
LEFT JOIN streaks USING (s)
LEFT JOIN shipments AS next_boxes ON next_boxes.s = subscriptions.s AND next_boxes.o = boxes.next_o
LEFT JOIN orders AS next_orders ON next_orders.at_row = next_boxes.at_row
LEFT JOIN skipped ON skipped.subscription = subscriptions.subscription
LEFT JOIN lives USING (s)
LEFT JOIN worth USING (s)

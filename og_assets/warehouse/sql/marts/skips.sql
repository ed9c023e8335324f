-- Boxes that were due and left out while the subscription went on.
WITH whole_orders AS (  -- cancelled before any attempt; its items stay in it
    SELECT
        shipments.s,
        orders."order",
        shipments.place_date                                              AS due_on,
        coalesce(told.skipped_at, orders.cancelled_at AT TIME ZONE 'UTC') AS skipped_at,
        'order'                                                           AS kind,
        CASE WHEN told.skipped_at IS NULL THEN 'status' ELSE 'event' END  AS evidence,
        shipments.units,
        shipments.revenue,
        shipments.currency_code
    FROM shipments
    JOIN orders USING (at_row)
    LEFT JOIN skip_events AS told ON told."order" = orders."order"
    WHERE shipments.outcome = 'skipped'
),
removed AS (  -- the subscription's items were taken out of a planned order
    SELECT
        s,
        "order",
        any_value(place_date)                     AS due_on,
        max(deleted_at)                           AS skipped_at,
        'shipment'                                AS kind,
        CASE WHEN bool_or(source = 'webhook') THEN 'event' ELSE 'tombstone' END AS evidence,
        CAST(sum(quantity) AS BIGINT)             AS units,
        CAST(sum(total_price) AS DECIMAL(18, 4))  AS revenue,
        any_value(currency_code)                  AS currency_code
    FROM removed_lines
    GROUP BY s, "order"
),
left_out AS (
    FROM whole_orders
    UNION ALL
    SELECT removed.*
    FROM removed
    -- what is left of the subscription in that order ships: a bundle that lost a component skips nothing
    WHERE NOT EXISTS (
        FROM lines
        JOIN orders USING (at_row)
        WHERE orders."order" = removed."order" AND lines.s = removed.s
    )
    -- items also go when a subscription is cancelled or loses a component; webhooks tell these from a skip
    AND NOT EXISTS (
        FROM subscription_events AS events
        WHERE events.s = removed.s
            AND events.type IN ('subscription.cancel', 'subscription.cancelled', 'subscription.change_components')
            AND abs(date_diff('second', events.happened, removed.skipped_at AT TIME ZONE 'UTC')) <= 60
    )
),
dated AS (
    SELECT left_out.*, coalesce(CAST(skipped_at AT TIME ZONE business_timezone AS DATE), due_on) AS skipped_on
    FROM left_out
    CROSS JOIN marts_as_of
)
SELECT terms.subscription, terms.customer, dated.* EXCLUDE (s)
FROM dated
JOIN terms USING (s)
JOIN periods ON periods.s = dated.s
    AND periods.started_on <= dated.skipped_on
    AND (periods.ended_on IS NULL OR periods.ended_on > dated.skipped_on)

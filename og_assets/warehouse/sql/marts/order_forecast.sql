WITH open_lines AS (
    SELECT
        greatest(place_date, as_of_date)  AS place_date,
        p,
        currency_code,
        outcome                           AS source,
        count(*)                          AS lines,
        sum(quantity)                     AS units,
        sum(total_price)                  AS value
    FROM lines
    JOIN orders USING (at_row)
    CROSS JOIN marts_as_of
    WHERE outcome IN ('scheduled', 'in_placement', 'in_retry')
    GROUP BY ALL
),
anchors AS (  -- of each live subscription the latest box that is planned, else the last one placed
    SELECT
        s,
        coalesce(max(o) FILTER (outcome = 'scheduled'), max(o))            AS o,
        CAST(count(*) FILTER (outcome = 'scheduled') = 0 AS INTEGER)       AS behind
    FROM shipments
    JOIN terms USING (s)
    WHERE outcome IN ('scheduled', 'placed', 'recovered') AND live AND interval_days > 0 AND place_date IS NOT NULL
    GROUP BY s
),
held AS (  -- what that box holds of the subscription, and so each box after it
    SELECT
        anchors.s,
        anchors.behind,
        shipments.place_date,
        shipments.currency_code,
        lines.p,
        lines.quantity,
        lines.total_price AS value,
        row_number() OVER (PARTITION BY anchors.s ORDER BY lines.p, lines.quantity, lines.total_price) = 1 AS is_first
    FROM anchors
    JOIN shipments USING (s, o)
    JOIN lines USING (s, at_row)
),
rhythms AS (  -- boxes of one rhythm, day and product go on alike: counted together before they are multiplied
    SELECT
        held.place_date,
        held.currency_code,
        held.p,
        terms.interval_days,
        terms.interval_months,
        terms.boxes_per_billing,
        terms.renewal_behavior,
        -- the planned box is number 1; without one the box placed last is, and it is paid
        CASE WHEN terms.boxes_per_billing > 0 THEN terms.boxes_paid + held.behind END AS boxes_paid,
        count(*)            AS lines,
        sum(held.quantity)  AS units,
        sum(held.value)     AS value,
        -- a renewal is billed once, however many products the box holds
        sum(coalesce(terms.last_renewal_revenue, held.value)) FILTER (held.is_first AND terms.boxes_per_billing > 0) AS renewal
    FROM held
    JOIN terms USING (s)
    GROUP BY ALL
),
boxes AS (
    SELECT
        rhythms.*,
        unnest(range(1, 2 + greatest(0, (as_of_date + 366 - place_date) // interval_days) + 1)) AS k
    FROM rhythms
    CROSS JOIN marts_as_of
),
projected AS (
    SELECT
        CASE
            WHEN interval_months IS NOT NULL THEN CAST(place_date + to_months(CAST(k * interval_months AS INTEGER)) AS DATE)
            ELSE place_date + CAST(k * interval_days AS INTEGER)
        END AS place_date,
        p,
        currency_code,
        lines,
        units,
        CASE
            WHEN boxes_per_billing IS NULL                   THEN value
            WHEN k < boxes_paid                              THEN 0
            WHEN renewal_behavior = 'downgrade'              THEN coalesce(share_of(renewal, 1, boxes_per_billing), 0)
            WHEN (k - boxes_paid) % boxes_per_billing = 0    THEN coalesce(renewal, 0)
            ELSE 0
        END AS value
    FROM boxes
    WHERE (renewal_behavior = 'cancel' AND k >= boxes_paid) IS NOT true
),
planned AS (
    FROM open_lines
    UNION ALL
    SELECT place_date, p, currency_code, 'projected', sum(lines), sum(units), sum(value)
    FROM projected
    CROSS JOIN marts_as_of
    WHERE place_date > as_of_date AND place_date <= as_of_date + 365
    GROUP BY ALL
),
likely AS (
    SELECT
        planned.*,
        CASE source
            WHEN 'in_retry' THEN coalesce(recovery_rate, 0)
            WHEN 'in_placement' THEN coalesce(placement_rate, 1)
            ELSE coalesce(placement_rate, 1)
                * power(1 - coalesce(monthly_churn_rate, 0), date_diff('day', as_of_date, place_date) / 30.4167)
        END AS share
    FROM planned
    CROSS JOIN forecast_basis
)
SELECT
    place_date,
    CAST(date_trunc('week', place_date) AS DATE)         AS week_of,
    product,
    currency_code,
    source,
    lines,
    coalesce(units, 0)                                   AS units,
    coalesce(value, 0)                                   AS value,
    coalesce(units, 0) * share                           AS expected_units,
    round(CAST(coalesce(value, 0) AS DOUBLE) * share, 2) AS expected_value
FROM likely
LEFT JOIN product_numbers USING (p)

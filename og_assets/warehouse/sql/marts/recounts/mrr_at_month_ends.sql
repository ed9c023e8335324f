-- Months whose closing is not what is active on the last day, each at the box billed last by then.
WITH ends AS (
    SELECT DISTINCT month, least(last_day(month), as_of_date) AS day
    FROM mrr_monthly
    CROSS JOIN marts_as_of
),
living AS (
    SELECT ends.month, ends.day, periods.s
    FROM ends
    JOIN periods ON started_on <= day AND (ended_on IS NULL OR ended_on > day)
),
billed AS (
    SELECT living.month, living.s, arg_max(revenue, place_order) AS value, arg_max(currency_code, place_order) AS currency_code
    FROM living
    JOIN (SELECT *, {'day': place_date, 'o': o} AS place_order FROM shipments) AS boxes
        ON boxes.s = living.s AND is_placed AND place_date <= living.day
    WHERE revenue IS NOT NULL
    GROUP BY ALL
),
firsts AS (
    SELECT s, arg_min(revenue, {'day': place_date, 'o': o}) AS value, arg_min(currency_code, {'day': place_date, 'o': o}) AS currency_code
    FROM shipments
    WHERE revenue IS NOT NULL
    GROUP BY s
),
in_force AS (
    SELECT
        living.month,
        living.s,
        arg_max_null(
            {'n': boxes_numerator, 'd': boxes_denominator, 'boxes': boxes_per_billing, 'renewal': last_renewal_revenue}, v
        ) AS terms
    FROM living
    JOIN term_versions AS versions ON versions.s = living.s AND versions.from_on <= living.day
    GROUP BY ALL
),
known AS (
    SELECT
        living.month,
        living.s,
        coalesce(in_force.terms, {
            'n': terms.boxes_numerator, 'd': terms.boxes_denominator, 'boxes': terms.boxes_per_billing, 'renewal': terms.last_renewal_revenue
        })                                                          AS terms,
        coalesce(billed.value, firsts.value, terms.list_value)      AS value,
        coalesce(billed.currency_code, firsts.currency_code, terms.currency_code) AS box_currency,
        terms.currency_code                                         AS own_currency
    FROM living
    JOIN terms USING (s)
    LEFT JOIN billed ON billed.month = living.month AND billed.s = living.s
    LEFT JOIN firsts ON firsts.s = living.s
    LEFT JOIN in_force ON in_force.month = living.month AND in_force.s = living.s
    WHERE NOT terms.in_trial
),
counted AS (
    SELECT
        month,
        CASE WHEN terms.boxes > 0 AND terms.renewal IS NOT NULL THEN own_currency ELSE box_currency END AS currency_code,
        CASE
            WHEN terms.boxes > 0 AND terms.renewal IS NOT NULL THEN share_of(terms.renewal, terms.n, terms.d * terms.boxes)
            ELSE share_of(value, terms.n, terms.d)
        END AS amount
    FROM known
)
SELECT month, currency_code
FROM (
    SELECT month, currency_code, closing_mrr AS amount FROM mrr_monthly
    UNION ALL
    SELECT month, currency_code, -amount FROM counted
)
GROUP BY ALL
HAVING sum(amount) <> 0

-- Months in which something about a subscription's worth changed: the last box billed in it (`o`), whether it is active
-- when the month ends (`state`, the month x 2, and 1 more while active), the terms that hold then (`v`).
WITH edges AS (
    SELECT s, started_on, ended_on, unnest([started_on, ended_on]) AS edge
    FROM periods
),
known AS (
    SELECT s, month_of(place_date) AS month, max(o) AS o, NULL::INTEGER AS state, NULL::INTEGER AS v
    FROM shipments
    CROSS JOIN marts_as_of
    WHERE is_placed AND place_date <= as_of_date AND revenue IS NOT NULL  -- a box without amounts tells nothing
    GROUP BY ALL
    UNION ALL
    SELECT
        s,
        month_of(edge) AS month,
        NULL,
        max(CAST(month_of(edge) - DATE '1900-01-01' AS INTEGER) * 2 + CAST(
            started_on <= least(last_day(edge), as_of_date)
            AND (ended_on IS NULL OR ended_on > least(last_day(edge), as_of_date)) AS INTEGER
        )),
        NULL
    FROM edges
    CROSS JOIN marts_as_of
    WHERE edge IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT s, month_of(from_on), NULL, NULL, max(v)
    FROM term_versions
    WHERE v > 1
    GROUP BY ALL
)
SELECT s, month, max(o) AS o, max(state) AS state, max(v) AS v
FROM known
GROUP BY s, month

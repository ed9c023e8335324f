-- The same per customer: from the first day with an active subscription to the first day without one.
WITH running AS (
    SELECT
        terms.c,
        started_on,
        coalesce(ended_on, DATE '9999-12-31') AS ended_on,
        s,
        period,
        max(coalesce(ended_on, DATE '9999-12-31')) OVER (
            PARTITION BY terms.c ORDER BY started_on, s, period ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )                                     AS covered_until
    FROM periods
    JOIN terms USING (s)
),
islands AS (
    SELECT
        c, started_on, ended_on,
        count(*) FILTER (covered_until IS NULL OR started_on > covered_until)
            OVER (PARTITION BY c ORDER BY started_on, s, period ROWS UNBOUNDED PRECEDING) AS stretch
    FROM running
)
SELECT
    c,
    CAST(stretch AS INTEGER)                  AS period,
    min(started_on)                           AS started_on,
    nullif(max(ended_on), DATE '9999-12-31')  AS ended_on
FROM islands
GROUP BY c, stretch

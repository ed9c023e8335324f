-- Ages are whole months since each one's own start, so that who came on the 1st and on the 31st have had the same time.
WITH members AS (
    SELECT level, member, min(started_on) AS started_on, month_of(min(started_on)) AS cohort_month
    FROM cohort_lives
    GROUP BY ALL
),
cohorts AS (
    SELECT
        level,
        cohort_month,
        count(*) AS cohort_size,
        date_diff('month', cohort_month, as_of_date) AS months
    FROM members
    CROSS JOIN marts_as_of
    GROUP BY ALL
),
ages AS (  -- an age is shown once the whole cohort has reached it: counted from the last day of its month
    SELECT
        level,
        cohort_month,
        cohort_size,
        unnest(range(0, months + CAST(
            last_day(cohort_month) + to_months(CAST(months AS INTEGER)) <= as_of_date AS INTEGER
        ))) AS age_months
    FROM cohorts
    CROSS JOIN marts_as_of
),
dated AS (
    SELECT
        members.level,
        members.cohort_month,
        members.started_on                                        AS first_started_on,
        lives.period,
        lives.started_on,
        lives.ended_on,
        CAST(date_diff('month', members.started_on, lives.started_on) AS INTEGER) AS from_months,
        CAST(date_diff('month', members.started_on, lives.ended_on) AS INTEGER)   AS until_months
    FROM cohort_lives AS lives
    JOIN members USING (level, member)
),
runs AS (  -- a stretch covers the ages from the first that is not before its start to the first not before its end
    SELECT
        level,
        cohort_month,
        period,
        from_months + CAST(first_started_on + to_months(from_months) < started_on AS INTEGER) AS from_age,
        until_months + CAST(first_started_on + to_months(until_months) < ended_on AS INTEGER) AS until_age
    FROM dated
),
steps AS (
    SELECT level, cohort_month, from_age AS age_months, 1 AS active, CAST(period = 1 AS INTEGER) AS unbroken
    FROM runs
    UNION ALL
    SELECT level, cohort_month, until_age, -1, -CAST(period = 1 AS INTEGER)
    FROM runs
    WHERE until_age IS NOT NULL
),
sums AS (
    SELECT level, cohort_month, age_months, sum(active) AS active, sum(unbroken) AS unbroken
    FROM steps
    GROUP BY ALL
),
counted AS (
    SELECT
        level, cohort_month, age_months, cohort_size,
        sum(coalesce(active, 0)) OVER so_far   AS active,
        sum(coalesce(unbroken, 0)) OVER so_far AS never_cancelled
    FROM ages
    LEFT JOIN sums USING (level, cohort_month, age_months)
    WINDOW so_far AS (PARTITION BY level, cohort_month ORDER BY age_months ROWS UNBOUNDED PRECEDING)
)
SELECT *, active / cohort_size AS active_rate, never_cancelled / cohort_size AS never_cancelled_rate
FROM counted

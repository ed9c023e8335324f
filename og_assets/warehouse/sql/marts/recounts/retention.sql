-- Cohorts and ages at which not as many are active as are so on the day that is that many months after their start.
WITH members AS (
    SELECT level, member, min(started_on) AS began
    FROM cohort_lives
    GROUP BY ALL
),
dated AS (
    SELECT
        members.level,
        members.member,
        retention.cohort_month,
        retention.age_months,
        CAST(began + to_months(CAST(retention.age_months AS INTEGER)) AS DATE) AS day
    FROM members
    JOIN retention_cohorts AS retention
        ON retention.level = members.level AND retention.cohort_month = month_of(members.began)
),
counted AS (
    SELECT dated.level, dated.cohort_month, dated.age_months, count(*) AS active
    FROM dated
    JOIN cohort_lives AS lives ON lives.level = dated.level AND lives.member = dated.member
        AND lives.started_on <= dated.day AND (lives.ended_on IS NULL OR lives.ended_on > dated.day)
    GROUP BY ALL
)
SELECT level, cohort_month, age_months
FROM retention_cohorts AS retention
LEFT JOIN counted USING (level, cohort_month, age_months)
WHERE retention.active <> coalesce(counted.active, 0)

-- ERROR: the size of a cohort is the same at all ages
SELECT cohort_month
FROM retention_cohorts
GROUP BY level, cohort_month
HAVING min(cohort_size) <> max(cohort_size);

-- ERROR: age 0 is the cohort less those who left on their first day
WITH firsts AS (
    SELECT level, member, month_of(min(started_on)) AS cohort_month, bool_or(started_on = first_on AND (ended_on > started_on OR ended_on IS NULL)) AS stayed
    FROM (SELECT *, min(started_on) OVER (PARTITION BY level, member) AS first_on FROM cohort_lives)
    GROUP BY ALL
)
SELECT cohort_month
FROM retention_cohorts
JOIN (SELECT level, cohort_month, count(*) AS size, count(*) FILTER (stayed) AS stayed FROM firsts GROUP BY ALL) USING (level, cohort_month)
WHERE age_months = 0 AND (cohort_size <> size OR active <> stayed);

-- ERROR: never_cancelled does not grow with age and is at most active
SELECT cohort_month
FROM (SELECT *, lag(never_cancelled) OVER (PARTITION BY level, cohort_month ORDER BY age_months) AS before FROM retention_cohorts)
WHERE never_cancelled > before OR never_cancelled > active OR active > cohort_size OR never_cancelled < 0;

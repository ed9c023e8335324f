-- Who of each month's starters is still there, month after month: the last sixteen cohorts.
SELECT level, cohort_month, age_months, cohort_size, active, active_rate
FROM analytics.retention_cohorts, analytics.marts_as_of
WHERE cohort_month >= as_of_month - INTERVAL 15 MONTH
ORDER BY level DESC, cohort_month, age_months;

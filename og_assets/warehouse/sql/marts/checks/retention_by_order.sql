-- ERROR: reached + ended_before + on_their_way = cohort_size, and reached does not grow
SELECT cohort_month
FROM (SELECT *, lag(reached) OVER (PARTITION BY cohort_month ORDER BY order_number) AS before FROM retention_by_order)
WHERE reached + ended_before + on_their_way <> cohort_size OR reached > before;

-- ERROR: the cohorts hold every subscription that was not imported
SELECT 1
FROM (
    SELECT
        (SELECT coalesce(sum(cohort_size), 0) FROM retention_by_order WHERE order_number = 1) AS told,
        (SELECT count(*) FROM subscription_overview WHERE started_on IS NOT NULL AND NOT is_imported) AS counted
)
WHERE told <> counted;

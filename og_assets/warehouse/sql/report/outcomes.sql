-- What became of the orders of the last 90 days, the as-of day among them; counts of all currencies together.
SELECT
    coalesce(sum(orders_due), 0)                                            AS due,
    coalesce(sum(orders_placed), 0)                                         AS placed,
    coalesce(sum(orders_recovered), 0)                                      AS recovered,
    coalesce(sum(orders_in_placement), 0)                                   AS in_placement,
    coalesce(sum(orders_in_retry), 0)                                       AS in_retry,
    coalesce(sum(orders_rejected), 0)                                       AS rejected,
    coalesce(sum(orders_shop_cancel), 0)                                    AS shop_cancel,
    coalesce(sum(orders_skipped), 0)                                        AS skipped,
    coalesce(sum(orders_deleted), 0)                                        AS deleted,
    coalesce(sum(orders_merged), 0)                                         AS merged,
    coalesce(sum(orders_overdue), 0)                                        AS overdue,
    coalesce(sum(orders_unknown), 0)                                        AS unknown
FROM analytics.daily_facts, analytics.marts_as_of
WHERE day > as_of_date - 90;

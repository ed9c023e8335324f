-- ERROR: the subscription of a skip was active at the end of that day
SELECT subscription
FROM skips
WHERE NOT EXISTS (
    FROM subscription_periods AS periods
    WHERE periods.subscription = skips.subscription
        AND periods.started_on <= skips.skipped_on
        AND (periods.ended_on IS NULL OR periods.ended_on > skips.skipped_on)
);

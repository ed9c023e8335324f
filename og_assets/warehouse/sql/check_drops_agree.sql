-- What drops and API disagree on, of the last 31 business days that there are drops of.
SELECT report || ' ' || difference || ' ' || id AS key, 1 AS rows
FROM analytics.drop_reconciliation
WHERE business_day > (SELECT max(business_day) FROM analytics.drop_reconciliation_days) - INTERVAL 31 DAYS

-- The day that all figures of the report describe.
SELECT as_of, as_of_date, as_of_month, business_timezone
FROM analytics.marts_as_of;

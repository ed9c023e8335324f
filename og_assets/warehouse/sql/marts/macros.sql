-- Boxes a month as a fraction of whole numbers, so that money never passes through a float: 365/12 days a month, 7 days
-- a week, 12 months a year. An interval without a known period is as many days as Ordergroove reports.
CREATE OR REPLACE TEMP MACRO boxes_numerator(every, period, days) AS
    CASE
        WHEN every > 0 AND period IN (3, 4) THEN 1
        WHEN (every > 0 AND period IN (1, 2)) OR days > 0 THEN 365
    END;

CREATE OR REPLACE TEMP MACRO boxes_denominator(every, period, days) AS
    CASE
        WHEN every > 0 AND period = 1 THEN 12 * every
        WHEN every > 0 AND period = 2 THEN 84 * every
        WHEN every > 0 AND period = 3 THEN every
        WHEN every > 0 AND period = 4 THEN 12 * every
        WHEN days > 0 THEN 12 * days
    END;

-- amount x numerator / denominator, rounded once, half up, to 4 digits.
CREATE OR REPLACE TEMP MACRO share_of(amount, numerator, denominator) AS
    CAST(
        CAST((CAST(amount * 10000 AS HUGEINT) * numerator + denominator // 2) // denominator AS DECIMAL(18, 0))
        * CAST('0.0001' AS DECIMAL(4, 4))
        AS DECIMAL(18, 4)
    );

CREATE OR REPLACE TEMP MACRO month_of(day) AS CAST(date_trunc('month', day) AS DATE);

-- The day of a UTC wall clock in the zone of the business.
CREATE OR REPLACE TEMP MACRO business_day(stamp, zone) AS CAST((stamp AT TIME ZONE 'UTC') AT TIME ZONE zone AS DATE);

-- Rows of a file of which a later line tells the key again: to quarantine, since the last one counts. Found without
-- touching the wide columns.
CREATE OR REPLACE TEMP TABLE repeated AS
SELECT _row, last_line
FROM (
    SELECT _row, max(_row) OVER same AS last_row, max(_line) OVER same AS last_line
    FROM temp.staged
    WINDOW same AS (PARTITION BY {key})
)
WHERE _row < last_row;

INSERT INTO temp.refused
SELECT staged._line, 'line ' || repeated.last_line || ' of the file tells of the same key', staged._raw
FROM temp.staged
JOIN temp.repeated USING (_row);

DELETE FROM temp.staged WHERE _row IN (SELECT _row FROM temp.repeated);
DROP TABLE temp.repeated;

-- Where the table has the keys of a file: rows that the file replaces, and rows of the file that a later one overtook.
INSERT INTO temp.overtaken
SELECT DISTINCT staged._row
FROM temp.staged
JOIN {table} AS stored ON {same_key}
WHERE stored._file <> staged._file AND (stored._file_at, stored._file) > (staged._file_at, staged._file);

CREATE OR REPLACE TEMP TABLE replaced AS
SELECT DISTINCT stored.rowid AS at_row, staged._row
FROM temp.staged
JOIN {table} AS stored ON {same_key}
WHERE staged._row NOT IN (SELECT _row FROM temp.overtaken);

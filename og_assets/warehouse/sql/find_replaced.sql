-- The rows that the batch will replace, with all that history is to know of them where it is kept: finding rows by their position costs more than what is read of them. The others stay as they are.
CREATE OR REPLACE TEMP TABLE replaced AS
SELECT existing.at_row, existing._row{states}
FROM existing
INNER JOIN {table} AS stored ON stored.rowid = existing.at_row
INNER JOIN staged ON staged._row = existing._row
WHERE NOT coalesce({stays}, false);

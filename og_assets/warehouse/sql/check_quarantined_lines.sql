-- Files of the last seven days with lines that are no rows; they are in ops.quarantine, with file and line.
SELECT name AS key, quarantined AS rows
FROM ops.drop_files
WHERE report = '{report}' AND quarantined > 0 AND loaded_at > now() - INTERVAL 7 DAYS

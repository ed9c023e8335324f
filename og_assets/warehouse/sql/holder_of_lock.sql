-- PostgreSQL: the name of the session that holds an advisory lock.
SELECT application_name
FROM pg_locks
JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory'
    AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::BIGINT << 32) | objid::BIGINT = hashtextextended(%s, 0)
LIMIT 1;

-- PostgreSQL: takes the next free start of a queue; how many seconds from now it is.
INSERT INTO og_assets.pace AS queue
VALUES (%(name)s, clock_timestamp() + %(interval)s * INTERVAL '1 second')
ON CONFLICT (name) DO UPDATE SET
    next_start = CASE
        WHEN queue.next_start BETWEEN clock_timestamp() AND clock_timestamp() + %(longest)s * INTERVAL '1 second'
            THEN queue.next_start
        ELSE clock_timestamp()
    END + %(interval)s * INTERVAL '1 second'
RETURNING greatest(0, extract(EPOCH FROM next_start - clock_timestamp()) - %(interval)s);

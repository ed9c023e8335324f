-- New events, column by column.
INSERT INTO ordergroove.events BY NAME
SELECT
    unnest($event_ids::VARCHAR[])            AS event_id,
    unnest($types::VARCHAR[])                AS type,
    unnest($families::VARCHAR[])             AS family,
    unnest($object_ids::VARCHAR[])           AS object_id,
    unnest($event_times::TIMESTAMPTZ[])      AS event_at,
    unnest($received_times::TIMESTAMPTZ[])   AS received_at,
    unnest($raws::VARCHAR[])                 AS raw,
    $sync_id                                 AS _sync_id;

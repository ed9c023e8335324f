-- Records that could not be loaded; one that was served before, in this batch or an earlier one, is not kept again.
-- What came tells them apart, not what may be shown of it: many look alike once they are masked.
INSERT INTO ops.quarantine BY NAME
SELECT
    $object                     AS object,
    any_value(refused.reason)   AS reason,
    any_value(refused.raw)      AS raw,
    $sync_id                    AS sync_id,
    now()                       AS quarantined_at,
    refused.digest
FROM (
    SELECT
        unnest($reasons::VARCHAR[]) AS reason,
        unnest($raws::VARCHAR[])    AS raw,
        unnest($digests::VARCHAR[]) AS digest
) AS refused
WHERE NOT EXISTS (
    FROM ops.quarantine AS kept WHERE kept.object = $object AND kept.digest = refused.digest
)
GROUP BY refused.digest;

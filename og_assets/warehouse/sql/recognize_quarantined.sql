-- A record from before records had a digest gets that of the first one that is shown in the same way.
UPDATE ops.quarantine AS kept
SET digest = refused.digest
FROM (
    SELECT raw, min(digest) AS digest
    FROM (SELECT unnest($raws::VARCHAR[]) AS raw, unnest($digests::VARCHAR[]) AS digest) AS served
    GROUP BY raw
) AS refused
WHERE kept.object = $object AND kept.digest IS NULL AND kept.raw = refused.raw;

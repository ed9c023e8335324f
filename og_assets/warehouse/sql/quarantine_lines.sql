-- Lines of a dropped file that are no rows, and rows of which a later line of the file tells the key again.
INSERT INTO ops.quarantine BY NAME
SELECT
    $object                                               AS object,
    refused.reason,
    refused.raw,
    $sync_id                                              AS sync_id,
    now()                                                 AS quarantined_at,
    sha256(concat_ws(':', $file, refused.line, refused.raw))  AS digest,
    $file                                                 AS file,
    refused.line
FROM temp.refused;

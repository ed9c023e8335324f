-- Records that could not be loaded; one that was served before, in this batch or an earlier one, is not kept again.
INSERT INTO ops.quarantine (object, reason, raw, sync_id, quarantined_at)
SELECT $object, any_value(refused.reason), refused.raw, $sync_id, now()
FROM (SELECT unnest($reasons::VARCHAR[]) AS reason, unnest($raws::VARCHAR[]) AS raw) AS refused
WHERE NOT EXISTS (
    FROM ops.quarantine AS kept WHERE kept.object = $object AND kept.raw = refused.raw
)
GROUP BY refused.raw;

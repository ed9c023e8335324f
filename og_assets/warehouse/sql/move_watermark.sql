-- The watermark of an object that has one; never back in time.
UPDATE ops.sync_state
SET
    sync_id = CASE WHEN $watermark > watermark THEN $sync_id ELSE sync_id END,
    moved_at = CASE WHEN $watermark > watermark THEN now() ELSE moved_at END,
    watermark = greatest(watermark, $watermark)
WHERE object = $object;

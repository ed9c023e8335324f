-- The orders that touched items may have been in, and touched orders: as fetched, and as their events say.
SELECT id FROM touched WHERE object = 'orders'
UNION
SELECT "order" FROM known_items WHERE "order" IS NOT NULL
UNION
SELECT json_extract_string(TRY_CAST(raw AS JSON), '$.data.object.order') AS told
FROM ordergroove.events
WHERE type = 'item.remove' AND object_id IN (SELECT id FROM touched WHERE object = 'items') AND told IS NOT NULL

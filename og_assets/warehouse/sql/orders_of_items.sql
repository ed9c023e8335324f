-- The orders that the items in scope may be in: as fetched, and as webhooks say.
SELECT "order" FROM items_in_scope WHERE "order" IS NOT NULL
UNION
SELECT "order" FROM ordergroove.item_moves WHERE "order" IS NOT NULL AND item IN (FROM touched)

-- The order that an item is in, when a webhook knows more of it than the row.
CREATE OR REPLACE VIEW ordergroove.moved_items AS
WITH newest AS (
    SELECT moves.*, items."order" AS fetched_in
    FROM item_moves AS moves
    JOIN items ON items.public_id = moves.item
    LEFT JOIN ops.sync_runs AS pulls ON pulls.sync_id = items._sync_id
    WHERE moves."order" IS NOT NULL
      -- Whoever is fetched after we learned of a move is where that fetch saw it. Unlike a deletion, a move may be
      -- followed by another one: an event of before the fetch that comes late says nothing new. Both times are of
      -- Ordergroove's clock; events have whole seconds.
      AND moves.known_at >= items._synced_at
      AND coalesce(
          moves.moved_at >= date_trunc(
              'second',
              items._synced_at + to_microseconds(CAST(coalesce(pulls.clock_skew_seconds, 0) * 1000000 AS BIGINT))
          ),
          true
      )
    QUALIFY row_number() OVER (
        PARTITION BY moves.item ORDER BY moves.moved_at DESC, moves.known_at DESC, moves.event_id DESC
    ) = 1
)
SELECT item, "order", moved_at, known_at, event_id
FROM newest
WHERE "order" IS DISTINCT FROM fetched_in;
COMMENT ON VIEW ordergroove.moved_items IS 'Items that went to another order since their row was fetched, as webhooks tell; the next sync fetches them again.';
COMMENT ON COLUMN ordergroove.moved_items.item IS 'Item id (items.public_id).';
COMMENT ON COLUMN ordergroove.moved_items."order" IS 'Order that it is in now.';
COMMENT ON COLUMN ordergroove.moved_items.moved_at IS 'When it went there, Ordergroove''s clock, whole seconds.';
COMMENT ON COLUMN ordergroove.moved_items.known_at IS 'When we knew, our clock.';
COMMENT ON COLUMN ordergroove.moved_items.event_id IS 'The event (ordergroove.events).';

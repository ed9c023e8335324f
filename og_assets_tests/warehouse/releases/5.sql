-- Schema version 5. What webhooks say about the order that an item is in, beside what they say about deletions.

CREATE VIEW ordergroove.item_moves AS
SELECT
    object_id                                                                  AS item,
    json_extract_string(TRY_CAST(raw AS JSON), '$.data.object.order')          AS "order",
    event_at                                                                   AS moved_at,
    received_at                                                                AS known_at,
    event_id,
    _sync_id
FROM events
-- An item that is out of stock goes to the next day's order, and its event names that one (reference: item-events).
WHERE type IN ('item.change_order', 'item.out_of_stock') AND object_id IS NOT NULL;
COMMENT ON VIEW ordergroove.item_moves IS 'All that webhooks said about items that went to another order under the same id.';
COMMENT ON COLUMN ordergroove.item_moves.item IS 'Item id (items.public_id).';
COMMENT ON COLUMN ordergroove.item_moves."order" IS 'Order that the event names: the one that the item went to.';
COMMENT ON COLUMN ordergroove.item_moves.moved_at IS 'When it happened, Ordergroove''s clock, whole seconds.';
COMMENT ON COLUMN ordergroove.item_moves.known_at IS 'When we knew, our clock.';
COMMENT ON COLUMN ordergroove.item_moves.event_id IS 'The event (ordergroove.events).';
COMMENT ON COLUMN ordergroove.item_moves._sync_id IS 'Reading of the inbox that brought it (ops.sync_runs).';

-- Moves that are known already count from now on, so the bridge is derived anew.
DELETE FROM ops.derived_state WHERE table_name = 'items_orders_bridge';

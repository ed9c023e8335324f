-- What webhooks and sweeps tell of deletions, and webhooks of moves. Views name tables of their
-- own schema without the schema (views.py).

CREATE OR REPLACE VIEW ordergroove.deletion_evidence AS
SELECT
    CASE type WHEN 'order.delete' THEN 'orders' ELSE 'items' END AS object,
    object_id                                                   AS id,
    'webhook'                                                   AS source,
    coalesce(event_at, received_at)                             AS deleted_at,
    CAST(NULL AS TIMESTAMPTZ)                                   AS deleted_after,
    received_at                                                 AS known_at,
    event_id,
    _sync_id
FROM events
WHERE type IN ('order.delete', 'item.remove') AND object_id IS NOT NULL
UNION ALL
SELECT object, id, source, found_at, last_seen_at, found_at, NULL, sync_id
FROM ops.sweep_findings;
COMMENT ON VIEW ordergroove.deletion_evidence IS 'All that says that an order or item was deleted, and since when we know (known_at, our clock). It holds against a row that was fetched by then.';
COMMENT ON COLUMN ordergroove.deletion_evidence.object IS 'orders or items.';
COMMENT ON COLUMN ordergroove.deletion_evidence.id IS 'Its public_id.';
COMMENT ON COLUMN ordergroove.deletion_evidence.source IS 'webhook, sweep (missing among the open ones) or order_items (missing among the items of its order).';
COMMENT ON COLUMN ordergroove.deletion_evidence.deleted_at IS 'When it was deleted: the time of the event, or, without one, when it was found gone.';
COMMENT ON COLUMN ordergroove.deletion_evidence.deleted_after IS 'When it was last known to exist; null when an event tells the time.';
COMMENT ON COLUMN ordergroove.deletion_evidence.known_at IS 'When we knew, our clock.';
COMMENT ON COLUMN ordergroove.deletion_evidence.event_id IS 'The event (ordergroove.events), for source webhook.';
COMMENT ON COLUMN ordergroove.deletion_evidence._sync_id IS 'Reading of the inbox, or sweep, that brought it (ops.sync_runs).';

CREATE OR REPLACE VIEW ordergroove.item_moves AS
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

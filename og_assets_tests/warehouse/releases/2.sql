-- Schema version 2. What is known of deletions, and the tables that are derived from the objects.

-- Pulls may commit in another order than they began, so sync_id does not tell what is new since an instant.
ALTER TABLE ops.sync_runs ADD COLUMN last_load BIGINT;
COMMENT ON COLUMN ops.sync_runs.last_load IS 'Number of the last batch of this pull that wrote a row; batches are numbered as they commit.';

CREATE TABLE ops.seen_keys (
    object   VARCHAR NOT NULL,
    sync_id  BIGINT  NOT NULL,
    key      VARCHAR NOT NULL
);
COMMENT ON TABLE ops.seen_keys IS 'Keys that a running pull of a whole list has seen; emptied when the pull is complete.';
COMMENT ON COLUMN ops.seen_keys.object IS 'Name of the object.';
COMMENT ON COLUMN ops.seen_keys.sync_id IS 'The pull (ops.sync_runs).';
COMMENT ON COLUMN ops.seen_keys.key IS 'The key as a JSON list of its columns.';

CREATE TABLE ops.sweep_findings (
    object        VARCHAR     NOT NULL,
    id            VARCHAR     NOT NULL,
    source        VARCHAR     NOT NULL,
    found_at      TIMESTAMPTZ NOT NULL,
    last_seen_at  TIMESTAMPTZ NOT NULL,
    sync_id       BIGINT      NOT NULL
);
COMMENT ON TABLE ops.sweep_findings IS 'Orders and items that a sweep found gone, each confirmed by a retrieve that answered 404.';
COMMENT ON COLUMN ops.sweep_findings.object IS 'orders or items.';
COMMENT ON COLUMN ops.sweep_findings.id IS 'Its public_id.';
COMMENT ON COLUMN ops.sweep_findings.source IS 'Why it was looked for: sweep (not among the open ones) or order_items (left out of its order''s items).';
COMMENT ON COLUMN ops.sweep_findings.found_at IS 'When the retrieve that answered 404 was sent, our clock.';
COMMENT ON COLUMN ops.sweep_findings.last_seen_at IS 'When it was last known to exist, our clock.';
COMMENT ON COLUMN ops.sweep_findings.sync_id IS 'The sweep (ops.sync_runs, mode sweep).';

CREATE TABLE ops.inbox_state (
    identity  VARCHAR NOT NULL,
    position  BIGINT  NOT NULL
);
COMMENT ON TABLE ops.inbox_state IS 'How far each webhook inbox was read. A saving only: an event that is read twice is kept once.';
COMMENT ON COLUMN ops.inbox_state.identity IS 'Name that the inbox keeps for life.';
COMMENT ON COLUMN ops.inbox_state.position IS 'Position of the last event that was read.';

CREATE TABLE ops.derived_state (
    table_name    VARCHAR     NOT NULL,
    through_load  BIGINT      NOT NULL,
    derived_at    TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.derived_state IS 'How far each derived table has come; a table without a row is derived anew.';
COMMENT ON COLUMN ops.derived_state.table_name IS 'Derived table.';
COMMENT ON COLUMN ops.derived_state.through_load IS 'Greatest ops.sync_runs.last_load that is in it.';
COMMENT ON COLUMN ops.derived_state.derived_at IS 'When it was derived, our clock.';

CREATE TABLE ops.orders_to_total ("order" VARCHAR NOT NULL);
COMMENT ON TABLE ops.orders_to_total IS 'Orders whose rows in analytics.items_orders_bridge changed since analytics.order_totals was derived.';
COMMENT ON COLUMN ops.orders_to_total."order" IS 'Order id.';

CREATE TABLE ordergroove.events (
    event_id     VARCHAR     NOT NULL,
    type         VARCHAR,
    family       VARCHAR,
    object_id    VARCHAR,
    event_at     TIMESTAMPTZ,
    received_at  TIMESTAMPTZ NOT NULL,
    raw          VARCHAR     NOT NULL,
    _sync_id     BIGINT      NOT NULL
);
COMMENT ON TABLE ordergroove.events IS 'Webhook events as received, each once; unknown types too.';
COMMENT ON COLUMN ordergroove.events.event_id IS 'Ordergroove''s id of the event.';
COMMENT ON COLUMN ordergroove.events.type IS 'Event type, such as order.delete; null when the body has none.';
COMMENT ON COLUMN ordergroove.events.family IS 'What the event is about: the type up to its point.';
COMMENT ON COLUMN ordergroove.events.object_id IS 'Key of the object that the event is about; null when the body has none.';
COMMENT ON COLUMN ordergroove.events.event_at IS 'When it happened, Ordergroove''s clock, whole seconds.';
COMMENT ON COLUMN ordergroove.events.received_at IS 'When the receiver had it, our clock.';
COMMENT ON COLUMN ordergroove.events.raw IS 'Body as received; text, because it is never changed.';
COMMENT ON COLUMN ordergroove.events._sync_id IS 'Reading of the inbox that brought it (ops.sync_runs).';

CREATE TABLE ordergroove.order_statuses (
    code      SMALLINT NOT NULL,
    name      VARCHAR  NOT NULL,
    meaning   VARCHAR  NOT NULL,
    is_open   BOOLEAN  NOT NULL,
    is_final  BOOLEAN  NOT NULL
);
COMMENT ON TABLE ordergroove.order_statuses IS 'The documented order status codes (reference: order-status-codes). 2, 7, 8 and 16 are not documented.';
COMMENT ON COLUMN ordergroove.order_statuses.code IS 'orders.status.';
COMMENT ON COLUMN ordergroove.order_statuses.name IS 'Ordergroove''s name; 19 and 20 have none and are named by their meaning.';
COMMENT ON COLUMN ordergroove.order_statuses.meaning IS 'What it says about an order.';
COMMENT ON COLUMN ordergroove.order_statuses.is_open IS 'Whether the order is still to be placed or tried again, and so may be deleted.';
COMMENT ON COLUMN ordergroove.order_statuses.is_final IS 'Whether the order stays as it is.';
INSERT INTO ordergroove.order_statuses VALUES
    ( 1, 'UNSENT', 'Waits for its place date; may be deleted.', TRUE, FALSE),
    ( 3, 'REJECTED', 'Refused by the shop, or its retries are used up.', FALSE, TRUE),
    ( 4, 'CANCELLED', 'Cancelled or skipped before it was placed.', FALSE, TRUE),
    ( 5, 'SUCCESS', 'Placed.', FALSE, TRUE),
    ( 6, 'SEND_NOW', 'About to be placed; the next order exists already.', TRUE, FALSE),
    ( 9, 'PENDING_BATCH_RESPONSE', 'Placed by file; awaits the file of answers.', TRUE, FALSE),
    (10, 'PENDING_VERIFICATION', 'Awaits the confirmation of the shop.', TRUE, FALSE),
    (11, 'PENDING_PLACEMENT', 'Queued for placement.', TRUE, FALSE),
    (12, 'EXCEPTION_DURING_PLACEMENT_PREPARATION', 'Failed before an attempt; tried at the next placement.', TRUE, FALSE),
    (13, 'CONNECTION_ERROR_DURING_PLACEMENT', 'The outcome of the attempt is unknown; may be tried again.', TRUE, FALSE),
    (14, 'RESPONSE_PROCESSING_ERROR', 'The shop''s answer could not be read; not tried again.', FALSE, TRUE),
    (15, 'GENERIC_ERROR_RESPONSE', 'The shop answered 999; tried again.', TRUE, FALSE),
    (17, 'MERGED', 'Folded into the order that extra_data.merged_order_id names.', FALSE, TRUE),
    (18, 'CREDIT_CARD_RETRY', 'The card was declined; in the cycle of retries.', TRUE, FALSE),
    (19, 'AWAITING_RETRY_INSTRUCTIONS', 'Failed and classified; waits to be retried or rejected.', TRUE, FALSE),
    (20, 'AWAITING_RESPONSE_CLASSIFICATION', 'Failed; the failure is being classified.', TRUE, FALSE);

-- A view names its own schema's tables without the schema: in a file that is called ordergroove.duckdb,
-- `ordergroove.events` would be ambiguous to people who open it as the database `ordergroove`.
CREATE VIEW ordergroove.deletion_evidence AS
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

CREATE TABLE analytics.deletion_tombstones (
    object         VARCHAR     NOT NULL,
    id             VARCHAR     NOT NULL,
    deleted_at     TIMESTAMPTZ NOT NULL,
    deleted_after  TIMESTAMPTZ,
    detected_at    TIMESTAMPTZ NOT NULL,
    source         VARCHAR     NOT NULL,
    event_id       VARCHAR,
    "order"        VARCHAR,
    subscription   VARCHAR,
    customer       VARCHAR,
    last_state     JSON,
    lifted_at      TIMESTAMPTZ
);
COMMENT ON TABLE analytics.deletion_tombstones IS 'One row per order or item that was found deleted. A row with lifted_at is history: the object was fetched again later.';
COMMENT ON COLUMN analytics.deletion_tombstones.object IS 'orders or items.';
COMMENT ON COLUMN analytics.deletion_tombstones.id IS 'public_id of the deleted order or item.';
COMMENT ON COLUMN analytics.deletion_tombstones.deleted_at IS 'When it was deleted: the time of the event, or, without one, when it was found gone (it happened between deleted_after and this).';
COMMENT ON COLUMN analytics.deletion_tombstones.deleted_after IS 'When it was last known to exist; null when an event tells the time.';
COMMENT ON COLUMN analytics.deletion_tombstones.detected_at IS 'When we first knew, our clock.';
COMMENT ON COLUMN analytics.deletion_tombstones.source IS 'webhook, sweep (missing among the open ones) or order_items (missing among the items of its order). A webhook comes first, it has the time.';
COMMENT ON COLUMN analytics.deletion_tombstones.event_id IS 'The event (ordergroove.events), for source webhook.';
COMMENT ON COLUMN analytics.deletion_tombstones."order" IS 'The order itself, or the order that the item was last in.';
COMMENT ON COLUMN analytics.deletion_tombstones.subscription IS 'Subscription of the item; null for one-time items and for orders.';
COMMENT ON COLUMN analytics.deletion_tombstones.customer IS 'Customer id in the shop.';
COMMENT ON COLUMN analytics.deletion_tombstones.last_state IS 'The record as last fetched; as the event told it when it was never fetched.';
COMMENT ON COLUMN analytics.deletion_tombstones.lifted_at IS 'When it was fetched again after all, which proves that it exists; null while the tombstone holds.';

CREATE TABLE analytics.items_orders_bridge (
    item               VARCHAR NOT NULL,
    "order"            VARCHAR,
    subscription       VARCHAR,
    customer           VARCHAR,
    product            VARCHAR,
    offer              VARCHAR,
    quantity           INTEGER,
    price              DECIMAL(18, 4),
    total_price        DECIMAL(18, 4),
    one_time           BOOLEAN,
    order_status       SMALLINT,
    order_status_name  VARCHAR,
    place_date         DATE,
    order_merchant_id  VARCHAR,
    is_deleted         BOOLEAN NOT NULL,
    order_found        BOOLEAN NOT NULL
);
COMMENT ON TABLE analytics.items_orders_bridge IS 'One row per item: which order, subscription, customer and product belong together. Deleted ones are in it, marked.';
COMMENT ON COLUMN analytics.items_orders_bridge.item IS 'Item id (items.public_id).';
COMMENT ON COLUMN analytics.items_orders_bridge."order" IS 'Order that the item is in now; an item may move.';
COMMENT ON COLUMN analytics.items_orders_bridge.subscription IS 'Subscription that the item fulfils; null for a one-time item.';
COMMENT ON COLUMN analytics.items_orders_bridge.customer IS 'Customer id in the shop, through the order.';
COMMENT ON COLUMN analytics.items_orders_bridge.product IS 'Product id in the shop.';
COMMENT ON COLUMN analytics.items_orders_bridge.offer IS 'Offer that prices the item.';
COMMENT ON COLUMN analytics.items_orders_bridge.quantity IS 'Units.';
COMMENT ON COLUMN analytics.items_orders_bridge.price IS 'Unit price, in the currency of the order.';
COMMENT ON COLUMN analytics.items_orders_bridge.total_price IS 'Line total after quantity and discount.';
COMMENT ON COLUMN analytics.items_orders_bridge.one_time IS 'Whether it was added once, through Instant Upsell.';
COMMENT ON COLUMN analytics.items_orders_bridge.order_status IS 'Status code of the order.';
COMMENT ON COLUMN analytics.items_orders_bridge.order_status_name IS 'Name of the code (ordergroove.order_statuses); null for an undocumented one.';
COMMENT ON COLUMN analytics.items_orders_bridge.place_date IS 'Placement day of the order as Ordergroove wrote it.';
COMMENT ON COLUMN analytics.items_orders_bridge.order_merchant_id IS 'Order id in the shop, once placed.';
COMMENT ON COLUMN analytics.items_orders_bridge.is_deleted IS 'Whether the item or its order is deleted (a tombstone that is not lifted).';
COMMENT ON COLUMN analytics.items_orders_bridge.order_found IS 'Whether the order has arrived; false is normal between two syncs.';

CREATE TABLE analytics.order_totals (
    "order"               VARCHAR NOT NULL,
    customer              VARCHAR,
    currency_code         VARCHAR,
    status                SMALLINT,
    status_name           VARCHAR,
    place_date            DATE,
    items                 BIGINT         NOT NULL,
    units                 BIGINT         NOT NULL,
    subscriptions         BIGINT         NOT NULL,
    subscription_revenue  DECIMAL(38, 4) NOT NULL,
    one_time_revenue      DECIMAL(38, 4) NOT NULL,
    items_total           DECIMAL(38, 4) NOT NULL,
    sub_total             DECIMAL(18, 4),
    discount_total        DECIMAL(18, 4),
    tax_total             DECIMAL(18, 4),
    shipping_total        DECIMAL(18, 4),
    total                 DECIMAL(18, 4),
    items_difference      DECIMAL(38, 4),
    total_difference      DECIMAL(38, 4),
    agrees                BOOLEAN,
    is_deleted            BOOLEAN        NOT NULL
);
COMMENT ON TABLE analytics.order_totals IS 'One row per order: what its items add up to beside what Ordergroove says. Deleted items are not counted; deleted orders are in it, marked.';
COMMENT ON COLUMN analytics.order_totals."order" IS 'Order id (orders.public_id).';
COMMENT ON COLUMN analytics.order_totals.customer IS 'Customer id in the shop.';
COMMENT ON COLUMN analytics.order_totals.currency_code IS 'Currency of all amounts, ISO 4217.';
COMMENT ON COLUMN analytics.order_totals.status IS 'Status code.';
COMMENT ON COLUMN analytics.order_totals.status_name IS 'Name of the code (ordergroove.order_statuses); null for an undocumented one.';
COMMENT ON COLUMN analytics.order_totals.place_date IS 'Placement day as Ordergroove wrote it.';
COMMENT ON COLUMN analytics.order_totals.items IS 'Items in the order that are not deleted.';
COMMENT ON COLUMN analytics.order_totals.units IS 'Their quantities added up.';
COMMENT ON COLUMN analytics.order_totals.subscriptions IS 'How many subscriptions are in the box.';
COMMENT ON COLUMN analytics.order_totals.subscription_revenue IS 'Line totals of items that fulfil a subscription.';
COMMENT ON COLUMN analytics.order_totals.one_time_revenue IS 'Line totals of items without a subscription.';
COMMENT ON COLUMN analytics.order_totals.items_total IS 'Line totals of all items; the two revenues together.';
COMMENT ON COLUMN analytics.order_totals.sub_total IS 'As Ordergroove says: items after discounts.';
COMMENT ON COLUMN analytics.order_totals.discount_total IS 'As Ordergroove says; already inside sub_total.';
COMMENT ON COLUMN analytics.order_totals.tax_total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals.shipping_total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals.total IS 'As Ordergroove says.';
COMMENT ON COLUMN analytics.order_totals.items_difference IS 'sub_total less items_total.';
COMMENT ON COLUMN analytics.order_totals.total_difference IS 'total less the sum of sub_total, tax_total and shipping_total.';
COMMENT ON COLUMN analytics.order_totals.agrees IS 'Whether both differences are within a cent; null when an amount is missing or the order is deleted.';
COMMENT ON COLUMN analytics.order_totals.is_deleted IS 'Whether the order is deleted (a tombstone that is not lifted): its own amounts are the last known ones, its items no longer count.';

CREATE VIEW analytics.items_orders_bridge_current AS SELECT * FROM analytics.items_orders_bridge WHERE NOT is_deleted;
COMMENT ON VIEW analytics.items_orders_bridge_current IS 'analytics.items_orders_bridge without what is deleted.';
CREATE VIEW analytics.order_totals_current AS SELECT * FROM analytics.order_totals WHERE NOT is_deleted;
COMMENT ON VIEW analytics.order_totals_current IS 'analytics.order_totals without what is deleted.';
